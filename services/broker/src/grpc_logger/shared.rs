//! Entries that share calls: those that come while calls are in flight go together in the next. One that comes
//! alone goes at once, in a call of its own.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chassis::claim::{self, Claim, End};
use logger_client::Report;
use tokio::time::Instant;
use wire::grpc::LogRequest;
use wire::trace::TraceContext;

use crate::hop_deadline::HopDeadlines;

/// Calls at once when each is answered soon.
// Few, so that entries find each other; more than one, so that a commit of the logger's never waits for the answer of
// the one before.
const CALLS: usize = 4;

/// Calls at once when answers take long: entries would wait for the end of a call much longer than it takes to
/// find company.
const MOST_CALLS: usize = 64;

/// Time between the beginnings of two calls at least, beyond [`CALLS`].
const APART: Duration = Duration::from_millis(2);

/// Entries in a call, at most.
// A quarter of what our logger takes (`wire::entry::MAX_BATCH`), so that the calls at once share what waits.
const MOST_ENTRIES: usize = 256;

/// Bytes of entries in a call, unless one alone has more.
// Well below gRPC's default limit of 4 MiB, which another logger may have.
const MOST_BYTES: usize = 1024 * 1024;

/// Entries that wait for a call; shared by all requests.
#[derive(Debug, Default)]
pub(super) struct SharedCalls(Mutex<SharedCallsState>);

#[derive(Debug, Default)]
struct SharedCallsState {
    waiting: VecDeque<WaitingEntry>,
    /// Carriers at work.
    carriers: usize,
    /// Carriers of an earlier one may hang on connections that nobody uses any more, and count for nothing.
    generation: u64,
    /// Beginning of the newest call.
    begun: Option<Instant>,
}

/// An entry that waits for a call, or is in one.
#[derive(Debug)]
pub(super) struct WaitingEntry {
    pub(super) entry: LogRequest,
    pub(super) hop: HopDeadlines,
    pub(super) trace: TraceContext,
    claim: Claim<Report>,
}

/// Ticket that the request of an entry holds meanwhile.
#[derive(Debug)]
pub(super) struct EntryTicket {
    hop: HopDeadlines,
    ticket: claim::Ticket<Report>,
}

/// Leave to make one call after the other, until nothing waits.
#[derive(Debug)]
pub(super) struct Carrier {
    shared: Arc<SharedCalls>,
    generation: u64,
    /// True once it counts no more.
    over: bool,
}

impl SharedCalls {
    /// Lets an entry wait.
    // With it comes a carrier if one more may be at work: whoever gets it makes calls.
    pub(super) fn push(
        self: &Arc<Self>,
        entry: LogRequest,
        hop: HopDeadlines,
        trace: TraceContext,
        now: Instant,
    ) -> (EntryTicket, Option<Carrier>) {
        let (claim, ticket) = claim::pair();
        let ticket = EntryTicket { hop, ticket };
        let mut inner = self.lock();
        inner.waiting.push_back(WaitingEntry { entry, hop, trace, claim });
        // Under the lock of the push: else the last carrier could end in between, and nobody would come.
        let carrier = inner.takes_another(now).then(|| self.carrier(&mut inner, now));
        (ticket, carrier)
    }

    /// Lets new carriers take the place of those at work.
    // The first of them comes at once where entries wait: those before take none of them any more, and perhaps
    // nothing is pushed that would bring another.
    #[must_use]
    pub(super) fn renew(self: &Arc<Self>, now: Instant) -> Option<Carrier> {
        let mut inner = self.lock();
        inner.generation += 1;
        inner.carriers = 0;
        (!inner.waiting.is_empty()).then(|| self.carrier(&mut inner, now))
    }

    fn carrier(self: &Arc<Self>, inner: &mut SharedCallsState, now: Instant) -> Carrier {
        inner.carriers += 1;
        inner.begun = Some(now);
        Carrier { shared: Arc::clone(self), generation: inner.generation, over: false }
    }

    fn lock(&self) -> MutexGuard<'_, SharedCallsState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SharedCallsState {
    fn takes_another(&self, now: Instant) -> bool {
        let apart = || self.begun.is_none_or(|begun| now.saturating_duration_since(begun) >= APART);
        self.carriers < CALLS || (self.carriers < MOST_CALLS && apart())
    }
}

impl Carrier {
    /// The entries of the next call, at least one; none when nothing waits, or another has taken its place.
    pub(super) fn next(&mut self, now: Instant) -> Option<Vec<WaitingEntry>> {
        let mut inner = self.shared.lock();
        if self.over || inner.generation != self.generation {
            return None;
        }
        let (mut call, mut bytes) = (Vec::new(), 0);
        while let Some(waiting) = inner.waiting.front() {
            let size = waiting.size();
            if !call.is_empty() && (call.len() >= MOST_ENTRIES || bytes + size > MOST_BYTES) {
                break;
            }
            // One whose request has ended is passed over.
            if let Some(waiting) = inner.waiting.pop_front().filter(|waiting| waiting.claim.take()) {
                bytes += size;
                call.push(waiting);
            }
        }
        if call.is_empty() {
            // Under the same lock: what is pushed from now on finds a place for a new carrier.
            inner.carriers -= 1;
            self.over = true;
            return None;
        }
        inner.begun = Some(now);
        Some(call)
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        let mut inner = self.shared.lock();
        // Its task may have panicked or been aborted: the place must not stay taken.
        if !self.over && inner.generation == self.generation {
            inner.carriers -= 1;
        }
    }
}

impl WaitingEntry {
    fn size(&self) -> usize {
        self.entry.data.len() + self.entry.name.len()
    }

    /// Answers its request.
    pub(super) fn answer(self, report: Report) {
        self.claim.answer(report);
    }
}

impl EntryTicket {
    /// Waits for the report of the entry until the deadline of its hop.
    pub(super) async fn report(self) -> Report {
        match self.ticket.end(self.hop.wait).await {
            End::Answered(report) => report,
            End::Withdrawn => Report::too_late(None),
            End::Unanswered { taken } => Report::too_late(Some(taken)),
        }
    }
}

#[cfg(test)]
mod tests {
    use chassis::deadline::Deadline;
    use logger_client::NotStored;

    use super::*;
    use crate::hop_deadline::HopDeadlines;

    fn push(
        shared: &Arc<SharedCalls>,
        id: &str,
        bytes: usize,
        now: Instant,
    ) -> (EntryTicket, Option<Carrier>) {
        let entry = LogRequest { id: id.into(), data: "x".repeat(bytes), ..LogRequest::default() };
        shared.push(
            entry,
            HopDeadlines::within(Deadline::after(Duration::from_millis(40))),
            TraceContext::new(1, 1),
            now,
        )
    }

    fn ids(call: Option<Vec<WaitingEntry>>) -> Vec<String> {
        call.into_iter().flatten().map(|waiting| waiting.entry.id).collect()
    }

    #[test]
    fn one_alone_goes_at_once_and_those_that_come_meanwhile_go_together() {
        let (shared, now) = (Arc::new(SharedCalls::default()), Instant::now());
        let mut carriers: Vec<_> = (0..CALLS)
            .map(|number| {
                let (ticket, carrier) = push(&shared, &number.to_string(), 1, now);
                let mut carrier = carrier.unwrap();
                assert_eq!(ids(carrier.next(now)), [number.to_string()]);
                (ticket, carrier)
            })
            .collect();
        let later: Vec<_> = ["a", "b", "c"].map(|id| push(&shared, id, 1, now)).into_iter().collect();
        assert!(later.iter().all(|(_, carrier)| carrier.is_none()));
        assert_eq!(ids(carriers[0].1.next(now)), ["a", "b", "c"]);
        assert!(carriers[1].1.next(now).is_none());
        assert!(
            push(&shared, "d", 1, now).1.is_some(),
            "one that found nothing to do makes room for another"
        );
        drop(carriers);
        assert!(push(&shared, "e", 1, now).1.is_some());
    }

    #[test]
    fn when_answers_take_long_more_calls_are_made_each_some_time_after_the_one_before() {
        let (shared, begin) = (Arc::new(SharedCalls::default()), Instant::now());
        let hanging: Vec<_> = (0..CALLS).map(|_| push(&shared, "a", 1, begin)).collect();
        assert!(hanging.iter().all(|(_, carrier)| carrier.is_some()));
        let soon = begin + APART / 2;
        let (_waits, none) = push(&shared, "b", 1, soon);
        assert!(none.is_none());
        let mut more = Vec::new();
        let mut now = begin;
        for _ in CALLS..MOST_CALLS {
            now += APART;
            let (_ticket, carrier) = push(&shared, "c", 1, now);
            more.push(carrier.expect("one more call"));
            assert!(push(&shared, "d", 1, now).1.is_none(), "the next only some time after");
        }
        assert!(push(&shared, "e", 1, now + APART).1.is_none(), "there is an end to it");
    }

    #[test]
    fn a_call_is_bounded() {
        let (shared, now) = (Arc::new(SharedCalls::default()), Instant::now());
        let (_first, carrier) = push(&shared, "a", MOST_BYTES + 1, now);
        let _second = push(&shared, "b", 1, now);
        let mut carrier = carrier.unwrap();
        assert_eq!(ids(carrier.next(now)), ["a"]);
        assert_eq!(ids(carrier.next(now)), ["b"]);
    }

    #[tokio::test]
    async fn what_was_never_sent_is_refused_and_what_was_is_unknown() {
        let (shared, now) = (Arc::new(SharedCalls::default()), Instant::now());
        let (sent, carrier) = push(&shared, "a", 1, now);
        let mut carrier = carrier.unwrap();
        let _call = carrier.next(now);
        let (waits, _) = push(&shared, "b", 1, now);
        assert!(matches!(sent.report().await.stored, Err(NotStored::Unknown(_))));
        assert!(matches!(waits.report().await.stored, Err(NotStored::Refused(_))));
        assert!(carrier.next(now).is_none(), "what nobody waits for is not sent");
    }

    #[test]
    fn carriers_that_hang_are_replaced() {
        let (shared, now) = (Arc::new(SharedCalls::default()), Instant::now());
        let mut hanging: Vec<_> = (0..CALLS).map(|_| push(&shared, "a", 1, now)).collect();
        let (_waits, none) = push(&shared, "b", 1, now);
        assert!(none.is_none());
        let first = shared.renew(now);
        let (_fresh, carrier) = push(&shared, "c", 1, now);
        assert!(hanging[0].1.as_mut().unwrap().next(now).is_none());
        for (_, carrier) in &mut hanging {
            drop(carrier.take());
        }
        assert_eq!(ids(carrier.unwrap().next(now)).len(), CALLS + 2);
        assert!(first.unwrap().next(now).is_none());
    }

    #[test]
    fn what_waits_when_carriers_are_replaced_is_carried_though_nothing_comes_after_it() {
        let (shared, now) = (Arc::new(SharedCalls::default()), Instant::now());
        assert!(shared.renew(now).is_none(), "nothing waits");
        let (_ticket, begins) = push(&shared, "a", 1, now);
        let fresh = shared.renew(now);
        assert!(begins.unwrap().next(now).is_none());
        assert_eq!(ids(fresh.unwrap().next(now)), ["a"]);
    }
}
