//! Acknowledged entries, entries read back, and the drain between them.

use std::collections::{BTreeMap, HashSet};

use crate::history::{Completion, Entry, Observation, Outcome};

/// Progress of the drain: how far the system is with the entries that it acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drain {
    /// Moment of the look, in microseconds after the start of the load.
    pub at: i64,
    /// Acknowledged entries that were not stored; none if a store could not be read.
    pub missing: Option<u64>,
    /// Messages in all queues.
    pub waiting: u64,
    /// A queue that could not be read.
    pub unread: Option<String>,
    /// True if everything was stored and every queue empty.
    pub done: bool,
}

/// Acknowledged entries and entries read back, by store.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stores {
    /// Store of each path that stores.
    stored_in: BTreeMap<String, String>,
    // Ids and not a count: an entry whose operation was not acknowledged must not stand in for a lost one.
    acknowledged: BTreeMap<String, HashSet<String>>,
    /// Entries by store; a store that was not read is absent.
    pub entries: BTreeMap<String, Vec<Entry>>,
    /// Stores that could not be read, with the reason.
    pub unread: BTreeMap<String, String>,
    /// The last look at the drain.
    pub drain: Option<Drain>,
}

impl Stores {
    pub(super) fn new(stored_in: BTreeMap<String, String>) -> Self {
        Self { stored_in, ..Self::default() }
    }

    pub(super) fn settle(&mut self, path: &str, settled: &Completion) {
        // An operation with another outcome may be stored or not, so the drain does not wait for it.
        if let (Outcome::Ok, Some(store)) = (settled.outcome, self.stored_in.get(path)) {
            self.acknowledged.entry(store.clone()).or_default().insert(settled.id.clone());
        }
    }

    pub(super) fn drain(
        &mut self,
        at: i64,
        queues: &BTreeMap<String, Option<u64>>,
        missing: Option<u64>,
        done: bool,
    ) {
        let unread = queues.iter().find(|(_, depth)| depth.is_none()).map(|(name, _)| name.clone());
        let waiting = queues.values().flatten().sum();
        self.drain = Some(Drain { at, missing, waiting, unread, done });
    }

    pub(super) fn observe(&mut self, observation: &Observation) {
        // Without entries too, so that an empty store is known to have been read.
        self.entries.entry(observation.store.clone()).or_default().extend_from_slice(&observation.entries);
    }

    pub(super) fn miss(&mut self, store: &str, reason: &str) {
        self.unread.insert(store.to_owned(), reason.to_owned());
    }

    /// Returns the number of acknowledged entries of all stores.
    #[must_use]
    pub fn acknowledged_count(&self) -> u64 {
        self.acknowledged.values().map(|ids| ids.len() as u64).sum()
    }

    /// Returns the ids of the acknowledged entries of a store.
    #[must_use]
    pub fn acknowledged(&self, store: &str) -> HashSet<String> {
        self.acknowledged.get(store).cloned().unwrap_or_default()
    }

    /// Returns the number of acknowledged entries of a store that are not among `stored`.
    #[must_use]
    pub fn missing(&self, store: &str, stored: &HashSet<String>) -> u64 {
        // Counted here and not by a caller, who would need a copy of all ids at each look.
        let acknowledged = self.acknowledged.get(store);
        acknowledged.map_or(0, |ids| ids.iter().filter(|id| !stored.contains(*id)).count() as u64)
    }
}
