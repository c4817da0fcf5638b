//! An entry that waits for its commit, and the ticket that its caller holds meanwhile.

use chassis::claim::{self, Claim, End};
use chassis::deadline::Deadline;
use mongodb::bson::RawDocumentBuf;
use tokio::time::Instant;

use crate::fingerprint::Fingerprint;
use crate::moment::Moment;
use crate::outcome::{Outcome, StoreRefusal, unknown_by_deadline};

/// Content of an entry for the store.
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
    claim: Claim<Outcome>,
}

/// The caller's end. Dropped, the entry is not sent any more, unless it already was.
#[derive(Debug)]
pub(crate) struct PendingTicket {
    deadline: Deadline,
    ticket: claim::Ticket<Outcome>,
}

impl Pending {
    pub(crate) fn new(record: Record, deadline: Deadline) -> (Self, PendingTicket) {
        let (claim, ticket) = claim::pair();
        // `since` stays when an entry is given back: its wait for a store that is down goes on.
        let pending = Self { record, since: Instant::now(), deadline: deadline.instant(), claim };
        (pending, PendingTicket { deadline, ticket })
    }

    /// Takes it for sending; false when nobody waits for it any more.
    pub(crate) fn take(&self) -> bool {
        self.claim.take()
    }

    /// Gives it back: it was surely not sent after all.
    pub(crate) fn give_back(&self) {
        self.claim.give_back();
    }

    /// Reports whether nobody waits for it any more, or its deadline has passed.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.claim.is_abandoned() || self.deadline <= now
    }

    /// Answers the caller, who may have gone away.
    pub(crate) fn settle(self, outcome: Outcome) {
        self.claim.answer(outcome);
    }

    /// Refuses it, unless it was taken or its caller left.
    pub(crate) fn refuse(self, refusal: StoreRefusal) {
        self.claim.refuse(Outcome::Refused(refusal));
    }

    /// Size in the store, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.record.document.as_bytes().len()
    }
}

impl PendingTicket {
    /// The outcome, or at the deadline what is true then.
    pub(crate) async fn outcome(self) -> Outcome {
        match self.ticket.end(self.deadline).await {
            End::Answered(outcome) => outcome,
            End::Withdrawn => Outcome::Refused(StoreRefusal::TooLate),
            End::Unanswered { .. } => unknown_by_deadline(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::fingerprint::Fingerprints;

    pub(crate) fn pending(id: &str, data: &str, fingerprints: &Fingerprints) -> (Pending, PendingTicket) {
        let record = Record {
            id: id.to_owned(),
            fingerprint: fingerprints.of("n", data),
            created_at: Moment::now(),
            document: RawDocumentBuf::new(),
        };
        Pending::new(record, Deadline::after(Duration::from_secs(1)))
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_deadline_only_an_entry_that_was_never_sent_is_refused() {
        let fingerprints = Fingerprints::default();
        let (_waiting, ticket) = pending("a", "x", &fingerprints);
        assert_eq!(ticket.outcome().await, Outcome::Refused(StoreRefusal::TooLate));

        let (sent, ticket) = pending("a", "x", &fingerprints);
        assert!(sent.take());
        assert!(matches!(ticket.outcome().await, Outcome::Unknown(_)));
    }

    #[tokio::test]
    async fn an_entry_whose_caller_left_is_not_sent() {
        let (left, ticket) = pending("a", "x", &Fingerprints::default());
        drop(ticket);
        assert!(!left.take());
    }

    #[tokio::test]
    async fn an_entry_that_was_sent_is_not_refused() {
        let (sent, ticket) = pending("a", "x", &Fingerprints::default());
        assert!(sent.take());
        sent.refuse(StoreRefusal::QueueFull);
        assert!(matches!(ticket.outcome().await, Outcome::Unknown(_)));
    }
}
