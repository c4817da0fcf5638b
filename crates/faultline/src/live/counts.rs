//! Sums over a run: what was offered and answered, and what is stored of what was acknowledged. Pure.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::history::{Event, Outcome};
use crate::report::Report;
use crate::runner::StoredNow;

/// Sums over the run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Counts {
    offered: u64,
    ok: u64,
    fail: u64,
    info: u64,
    dropped: u64,
    /// Acknowledged entries.
    acknowledged: u64,
    /// Entries in the stores at the last look; none while they can't be read.
    stored: Option<u64>,
    /// Acknowledged entries that were not stored at the last look.
    missing: Option<u64>,
    /// Entries that were stored more than once at the last look.
    doubled: Option<u64>,
    /// Acknowledged entries that are lost: known when it is judged.
    lost: Option<u64>,
    /// Paths that store.
    #[serde(skip)]
    storing: BTreeSet<String>,
    #[serde(skip)]
    entries_under_way: BTreeSet<String>,
}

impl Counts {
    /// Takes an event of the run.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Run(info) => self.storing = info.stored_in.keys().cloned().collect(),
            Event::Invoke(invoke) => {
                self.offered += 1;
                if self.storing.contains(&invoke.path) {
                    self.entries_under_way.insert(invoke.id.clone());
                }
            }
            Event::Settle(settled) => {
                let is_entry = self.entries_under_way.remove(&settled.id);
                match settled.outcome {
                    Outcome::Ok => self.ok += 1,
                    Outcome::Fail => self.fail += 1,
                    Outcome::Info => self.info += 1,
                }
                self.acknowledged += u64::from(is_entry && settled.outcome == Outcome::Ok);
            }
            Event::Drop { .. } => {
                self.offered += 1;
                self.dropped += 1;
            }
            Event::LoadEnded { .. } => self.entries_under_way.clear(),
            Event::Drain { missing, .. } => self.missing = missing.filter(|_| !self.storing.is_empty()),
            _ => {}
        }
    }

    /// Takes a look at the stores.
    pub fn look(&mut self, now: &StoredNow) {
        (self.stored, self.doubled, self.missing) = match *now {
            StoredNow::Read { stored, doubled, missing } => (Some(stored), Some(doubled), Some(missing)),
            StoredNow::Unread(_) => (None, None, None),
        };
    }

    /// Whether the last look saw something.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.stored.is_some()
    }

    /// Takes what the checker found.
    pub fn judged(&mut self, report: &Report) {
        self.lost = sum(report.paths.values().map(|path| path.lost));
        self.doubled = sum(report.paths.values().map(|path| path.duplicated));
    }
}

/// The sum of the counts that there are; none without any, which is not zero.
fn sum(counts: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    counts.flatten().reduce(|sum, count| sum + count)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::history::{Invoke, Settled};

    /// How an operation went; none while it is under way.
    fn went() -> impl Strategy<Value = Option<Outcome>> {
        let outcomes = vec![Outcome::Ok, Outcome::Fail, Outcome::Info];
        prop::option::of(prop::sample::select(outcomes))
    }

    fn play(counts: &mut Counts, operations: &[(bool, Option<Outcome>)]) {
        let id = |number: usize| number.to_string();
        for (number, (stores, _)) in operations.iter().enumerate() {
            let path = if *stores { "log" } else { "ping" }.to_owned();
            counts.take(&Event::Invoke(Invoke { id: id(number), path, due: 0, sent: 0, hash: None }));
        }
        for (number, (_, outcome)) in operations.iter().enumerate() {
            let Some(outcome) = *outcome else { continue };
            let settled =
                Settled { id: id(number), at: 1, outcome, status: None, message: None, undeclared: false };
            counts.take(&Event::Settle(settled));
        }
    }

    proptest! {
        #[test]
        fn what_is_offered_is_counted_once_and_only_stored_paths_acknowledge(
            operations in prop::collection::vec((any::<bool>(), went()), 0..60),
            dropped in 0_u64..5,
        ) {
            let mut counts = Counts { storing: ["log".to_owned()].into(), ..Counts::default() };
            play(&mut counts, &operations);
            for number in 0..dropped {
                counts.take(&Event::Drop { id: format!("d{number}"), path: "log".to_owned(), due: 0 });
            }
            let of = |wanted: Option<Outcome>| operations.iter().filter(|(_, went)| *went == wanted).count() as u64;
            prop_assert_eq!(counts.offered, operations.len() as u64 + dropped);
            prop_assert_eq!(counts.ok + counts.fail + counts.info + of(None) + counts.dropped, counts.offered);
            let entries = operations.iter().filter(|went| **went == (true, Some(Outcome::Ok))).count() as u64;
            prop_assert_eq!(counts.acknowledged, entries);
            counts.take(&Event::LoadEnded { at: 2 });
            prop_assert!(counts.entries_under_way.is_empty());
        }
    }

    #[test]
    fn what_can_not_be_read_is_not_told_as_nothing() {
        let mut counts = Counts::default();
        counts.look(&StoredNow::Read { stored: 5, doubled: 1, missing: 2 });
        assert_eq!((counts.stored, counts.doubled, counts.missing), (Some(5), Some(1), Some(2)));
        counts.look(&StoredNow::Unread("gone".to_owned()));
        assert_eq!((counts.stored, counts.doubled, counts.missing), (None, None, None));
    }

    #[test]
    fn what_no_store_is_named_for_is_not_told_as_nothing() {
        let mut counts = Counts::default();
        counts.take(&Event::Drain { at: 1, queues: [].into(), missing: Some(0), done: true });
        assert_eq!((counts.stored, counts.doubled, counts.missing), (None, None, None));
        assert_eq!(
            (sum([None, None].into_iter()), sum([None, Some(0), Some(2)].into_iter())),
            (None, Some(2))
        );
    }
}
