//! Counters of a run as the page shows them: operations by outcome, and entries.

use std::collections::HashSet;

use serde::Serialize;

use crate::report::Report;
use crate::runner::StoredNow;
use crate::timeline::{Counts, Timeline};

/// Counters of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Counters {
    #[serde(flatten)]
    operations: Counts,
    /// Acknowledged entries.
    acknowledged: u64,
    #[serde(flatten)]
    stores: StoreCounters,
}

/// Counters of entries in the stores: of the last look, or of the verdict once that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StoreCounters {
    /// Different entries that are stored; none while the stores can't be read.
    stored: Option<u64>,
    /// Acknowledged entries that are not stored yet; none once they are judged.
    missing: Option<u64>,
    /// Copies of entries beyond the first of each.
    duplicated: Option<u64>,
    /// Acknowledged entries that are lost; none before the verdict.
    lost: Option<u64>,
}

impl Counters {
    /// Puts the counts of a timeline beside those of its stores.
    #[must_use]
    pub fn new(timeline: &Timeline, stores: &StoreCounters) -> Self {
        Self {
            operations: timeline.counts,
            acknowledged: timeline.stores.acknowledged_count(),
            stores: stores.clone(),
        }
    }
}

impl StoreCounters {
    /// Takes a look at the stores.
    pub fn look(&mut self, now: &StoredNow) {
        (self.stored, self.duplicated, self.missing) = match *now {
            StoredNow::Read { stored, duplicated, missing } => {
                (Some(stored), Some(duplicated), Some(missing))
            }
            StoredNow::Unread(_) => (None, None, None),
        };
    }

    /// Returns true if the last look could read the stores.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.stored.is_some()
    }

    /// Takes the figures of the verdict. All come from the final read of the stores: a look during the run is older, and
    /// beside them would tell of entries that nobody misses.
    pub fn judge(&mut self, report: &Report, timeline: Option<&Timeline>) {
        *self = Self {
            stored: timeline.and_then(stored),
            missing: None,
            duplicated: sum(report.paths.values().map(|path| path.duplicated)),
            lost: sum(report.paths.values().map(|path| path.lost)),
        };
    }
}

/// Counts the different entries of all stores that were read; none without any.
fn stored(timeline: &Timeline) -> Option<u64> {
    let stores = &timeline.stores.entries;
    let ids = |entries: &Vec<crate::history::Entry>| {
        entries.iter().map(|entry| entry.op.clone()).collect::<HashSet<_>>().len() as u64
    };
    (!stores.is_empty()).then(|| stores.values().map(ids).sum())
}

/// Adds the counts that there are; none without any, which is not zero.
fn sum(counts: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    counts.flatten().reduce(|sum, count| sum + count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_cannot_be_read_is_not_shown_as_empty() {
        let mut counters = StoreCounters::default();
        counters.look(&StoredNow::Read { stored: 5, duplicated: 1, missing: 2 });
        assert_eq!((counters.stored, counters.duplicated, counters.missing), (Some(5), Some(1), Some(2)));
        counters.look(&StoredNow::Unread("gone".to_owned()));
        assert_eq!(counters, StoreCounters::default());
    }
}
