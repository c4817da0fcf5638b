//! Intake of checked entries: each gets its outcome.

use std::sync::Arc;

use chassis::deadline::Deadline;
use mongodb::bson::raw::CStr;
use mongodb::bson::{RawDocumentBuf, cstr};

use crate::draft::Draft;
use crate::fingerprint::Fingerprints;
use crate::metrics::LoggerMetrics;
use crate::moment::Moment;
use crate::outcome::Outcome;
use crate::pending::{Pending, PendingTicket, Record};
use crate::queue::CommitQueue;
use crate::recent::Recent;

/// Takes checked entries; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Intake {
    pub(crate) queue: Arc<CommitQueue>,
    pub(crate) recent: Arc<Recent>,
    pub(crate) fingerprints: Fingerprints,
    pub(crate) metrics: LoggerMetrics,
    pub(crate) mode: StoreMode,
}

/// Mode of storing: what an entry is known by, and when its sender is answered. All that `logger-planted` does otherwise
/// is a mode of its own.
#[derive(Debug, Clone, Copy)]
pub struct StoreMode {
    /// Field of the document that holds the entry's id. `_id` is the store's own key, unique without an index of ours.
    pub(crate) key: &'static CStr,
    /// True to answer a sender only once the entry is stored.
    pub(crate) awaits_commit: bool,
    /// True to remember ids stored lately.
    pub(crate) remembers: bool,
}

impl Default for StoreMode {
    /// Known by `_id`, answered once stored, remembered.
    fn default() -> Self {
        Self { key: cstr!("_id"), awaits_commit: true, remembers: true }
    }
}

/// State of an entry when it was taken in.
enum Entrance {
    Known(Outcome),
    Waits(PendingTicket),
}

impl Intake {
    /// Stores one entry.
    pub(crate) async fn submit(&self, draft: &Draft, deadline: Deadline) -> Outcome {
        let (pending, entrance) = self.admit(draft, deadline);
        self.queue.push(pending);
        self.outcome(entrance).await
    }

    /// Stores many entries; the outcomes are in their order.
    pub(crate) async fn submit_all(&self, drafts: &[Draft], deadline: Deadline) -> Vec<Outcome> {
        let (pending, entrances): (Vec<_>, Vec<_>) =
            drafts.iter().map(|draft| self.admit(draft, deadline)).unzip();
        // All before the first is waited for, so that they can be written together.
        self.queue.push(pending.into_iter().flatten());
        let mut outcomes = Vec::with_capacity(entrances.len());
        for entrance in entrances {
            outcomes.push(self.outcome(entrance).await);
        }
        outcomes
    }

    fn admit(&self, draft: &Draft, deadline: Deadline) -> (Option<Pending>, Entrance) {
        let fingerprint = self.fingerprints.of(&draft.name, &draft.data);
        // Most repeats come soon after the first, of a client that was not answered: the store need not be asked.
        if let Some(known) = self.recent.answer(&draft.id, fingerprint) {
            return (None, Entrance::Known(known));
        }
        let created_at = Moment::now();
        let document = self.document(draft, created_at);
        let record = Record { id: draft.id.clone(), fingerprint, created_at, document };
        let (pending, ticket) = Pending::new(record, deadline);
        (Some(pending), self.entrance(ticket, created_at))
    }

    fn entrance(&self, ticket: PendingTicket, created_at: Moment) -> Entrance {
        if self.mode.awaits_commit {
            return Entrance::Waits(ticket);
        }
        tokio::spawn(ticket.outcome());
        Entrance::Known(Outcome::Stored(created_at))
    }

    async fn outcome(&self, entrance: Entrance) -> Outcome {
        let outcome = match entrance {
            Entrance::Known(outcome) => outcome,
            Entrance::Waits(ticket) => ticket.outcome().await,
        };
        self.metrics.count(&outcome);
        outcome
    }

    fn document(&self, draft: &Draft, created_at: Moment) -> RawDocumentBuf {
        // Encoded here, since the bounds need the size, and a further attempt sends the same bytes.
        let mut document = RawDocumentBuf::new();
        document.append(self.mode.key, draft.id.as_str());
        document.append(cstr!("name"), draft.name.as_str());
        document.append(cstr!("data"), draft.data.as_str());
        document.append(cstr!("created_at"), created_at.bson());
        document.append(cstr!("via"), draft.via.as_str());
        document
    }
}
