//! An entry that waits for its commit, and the ticket that its caller holds meanwhile.
//!
//! Both ends share one state, so that "never sent" and "may have been sent" can't be confused: whoever moves
//! it away from waiting decides.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use mongodb::bson::RawDocumentBuf;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::fingerprint::Fingerprint;
use crate::moment::Moment;
use crate::outcome::{Outcome, Refusal, unknown_by_deadline};

const WAITING: u8 = 0;
const SENT: u8 = 1;
const GONE: u8 = 2;

/// What the store needs of an entry.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) created_at: Moment,
    pub(crate) document: RawDocumentBuf,
}

/// An entry that waits, in the hands of the queue and then of a committer.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) record: Record,
    pub(crate) since: Instant,
    pub(crate) deadline: Instant,
    state: Arc<AtomicU8>,
    reply: oneshot::Sender<Outcome>,
}

/// The caller's end. Dropped, the entry is not sent any more, unless it already was.
#[derive(Debug)]
pub(crate) struct Ticket {
    deadline: Instant,
    state: Arc<AtomicU8>,
    reply: oneshot::Receiver<Outcome>,
}

impl Pending {
    pub(crate) fn new(record: Record, deadline: Instant) -> (Self, Ticket) {
        let (sender, receiver) = oneshot::channel();
        let state = Arc::new(AtomicU8::new(WAITING));
        let ticket = Ticket { deadline, state: Arc::clone(&state), reply: receiver };
        (Self { record, since: Instant::now(), deadline, state, reply: sender }, ticket)
    }

    /// Takes it for sending; false when nobody waits for it any more.
    pub(crate) fn claim(&self) -> bool {
        // Closed after it was claimed and given back: the caller left while it was in a batch.
        !self.reply.is_closed() && leave_waiting(&self.state, SENT)
    }

    /// It was surely not sent after all.
    pub(crate) fn unclaim(&self) {
        self.state.store(WAITING, Ordering::Release);
    }

    /// Whether nobody waits for it any more, or its deadline has passed.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.reply.is_closed() || self.deadline <= now
    }

    /// Tells the caller, who may have gone away.
    pub(crate) fn settle(self, outcome: Outcome) {
        let _ = self.reply.send(outcome);
    }

    /// Refuses it, unless it was taken or its caller left.
    pub(crate) fn refuse(self, refusal: Refusal) {
        if leave_waiting(&self.state, GONE) {
            self.settle(Outcome::Refused(refusal));
        }
    }

    /// Its size in the store, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.record.document.as_bytes().len()
    }
}

fn leave_waiting(state: &AtomicU8, to: u8) -> bool {
    state.compare_exchange(WAITING, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
}

impl Ticket {
    /// The outcome, or at the deadline what is true then.
    pub(crate) async fn outcome(mut self) -> Outcome {
        match tokio::time::timeout_at(self.deadline, &mut self.reply).await {
            Ok(told) => told.unwrap_or_else(|_| unknown_by_deadline()),
            Err(_) if leave_waiting(&self.state, GONE) => Outcome::Refused(Refusal::TooLate),
            // Sent, or being refused at this very moment.
            Err(_) => self.reply.try_recv().unwrap_or_else(|_| unknown_by_deadline()),
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        leave_waiting(&self.state, GONE);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::fingerprint::Fingerprints;

    pub(crate) fn pending(id: &str, data: &str, fingerprints: &Fingerprints) -> (Pending, Ticket) {
        let record = Record {
            id: id.to_owned(),
            fingerprint: fingerprints.of("n", data),
            created_at: Moment::now(),
            document: RawDocumentBuf::new(),
        };
        Pending::new(record, Instant::now() + Duration::from_secs(1))
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_deadline_only_an_entry_that_was_never_sent_is_refused() {
        let fingerprints = Fingerprints::default();
        let (_waiting, ticket) = pending("a", "x", &fingerprints);
        assert_eq!(ticket.outcome().await, Outcome::Refused(Refusal::TooLate));

        let (sent, ticket) = pending("a", "x", &fingerprints);
        assert!(sent.claim());
        assert!(matches!(ticket.outcome().await, Outcome::Unknown(_)));
    }

    #[tokio::test]
    async fn an_entry_whose_caller_left_is_not_sent() {
        let (left, ticket) = pending("a", "x", &Fingerprints::default());
        drop(ticket);
        assert!(!left.claim());
    }

    #[tokio::test]
    async fn an_entry_that_was_sent_is_not_refused() {
        let (sent, ticket) = pending("a", "x", &Fingerprints::default());
        assert!(sent.claim());
        sent.refuse(Refusal::QueueFull);
        assert!(matches!(ticket.outcome().await, Outcome::Unknown(_)));
    }
}
