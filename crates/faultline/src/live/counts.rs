//! Counters of a run as the page shows them: operations by outcome, and entries.

use std::collections::HashSet;

use serde::Serialize;

use crate::report::Report;
use crate::runner::StoreReading;
use crate::timeline::{Counts, Timeline};

/// Counters of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RunCounters {
    #[serde(flatten)]
    operations: Counts,
    /// Acknowledged entries.
    acknowledged: u64,
    #[serde(flatten)]
    stores: StoreCounters,
}

/// Counters of entries in the stores: of the last reading, or of the verdict once there is one.
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

impl RunCounters {
    /// Combines the counts of a timeline with those of its stores.
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
    /// Applies a reading of the stores.
    pub fn apply(&mut self, now: &StoreReading) {
        (self.stored, self.duplicated, self.missing) = match *now {
            StoreReading::Read { stored, duplicated, missing } => {
                (Some(stored), Some(duplicated), Some(missing))
            }
            // Unknown, not zero: a store that can't be read must not look empty.
            StoreReading::Unread(_) => (None, None, None),
        };
    }

    /// Returns true if the last reading succeeded.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.stored.is_some()
    }

    /// Applies the figures of the verdict.
    pub fn judge(&mut self, report: &Report, timeline: Option<&Timeline>) {
        // All figures come from the final reading of the stores: one of an earlier reading beside them would contradict
        // them.
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

/// Sums up the known counts; none without any, which is not zero.
fn sum(counts: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    counts.flatten().reduce(|sum, count| sum + count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_cannot_be_read_is_not_shown_as_empty() {
        let mut counters = StoreCounters::default();
        counters.apply(&StoreReading::Read { stored: 5, duplicated: 1, missing: 2 });
        assert_eq!((counters.stored, counters.duplicated, counters.missing), (Some(5), Some(1), Some(2)));
        counters.apply(&StoreReading::Unread("gone".to_owned()));
        assert_eq!(counters, StoreCounters::default());
    }
}
