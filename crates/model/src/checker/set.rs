//! The set checker, after Jepsen's: what was acknowledged must be in the store in the end, once, as it was
//! sent; what was refused must not; of the rest either is right.

use std::collections::{BTreeMap, HashMap};

use crate::history::{Entry, Outcome};

/// One entry that an operation tried to store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt<'a> {
    /// Id of the operation.
    pub id: &'a str,
    /// Outcome of the operation; none if it was dropped.
    pub outcome: Option<Outcome>,
    /// Hash of what was sent.
    pub hash: Option<u64>,
}

/// Differences between attempts and store; ids in the order of the attempts, unknown ones last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// Acknowledged and not stored.
    pub lost: Vec<String>,
    /// Stored more than once.
    pub duplicated: Vec<String>,
    /// Outcome unknown, and stored.
    pub recovered: Vec<String>,
    /// Stored though refused, or though never sent.
    pub unexpected: Vec<String>,
    /// Stored with other content than was sent.
    pub corrupted: Vec<String>,
}

/// Differences on each path that stores; a path whose store could not be read is absent.
pub type DifferencesByPath = BTreeMap<String, Differences>;

/// Compares attempts with the entries of a store.
#[must_use]
// An entry carries the id of its operation in its data, so that the comparison does not depend on ids of the system
// under test, which a bug may have corrupted.
pub fn compare(attempts: &[Attempt<'_>], entries: &[&Entry]) -> Differences {
    let mut stored: HashMap<&str, Vec<u64>> = HashMap::new();
    for entry in entries {
        stored.entry(&entry.op).or_default().push(entry.hash);
    }
    let mut found = Differences::default();
    for attempt in attempts {
        // Removed, so that the entries that remain belong to no attempt.
        let copies = stored.remove(attempt.id).unwrap_or_default();
        found.compare(attempt, &copies);
    }
    let mut strangers: Vec<String> = stored.into_keys().map(str::to_owned).collect();
    // A hash map has no order, and one history must give the same report each time.
    strangers.sort_unstable();
    found.unexpected.extend(strangers);
    found
}

impl Differences {
    fn compare(&mut self, attempt: &Attempt<'_>, copies: &[u64]) {
        let id = || attempt.id.to_owned();
        match (attempt.outcome, copies.is_empty()) {
            (Some(Outcome::Ok), true) => self.lost.push(id()),
            (Some(Outcome::Info), false) => self.recovered.push(id()),
            (Some(Outcome::Fail) | None, false) => self.unexpected.push(id()),
            _ => {}
        }
        // Whatever the outcome: an operation is sent once, so the system made the second copy.
        if copies.len() > 1 {
            self.duplicated.push(id());
        }
        if attempt.hash.is_some_and(|hash| copies.iter().any(|copy| *copy != hash)) {
            self.corrupted.push(id());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same comparison, as slow and plain as can be.
    fn naive(attempts: &[Attempt<'_>], entries: &[&Entry]) -> Differences {
        let copies = |id: &str| entries.iter().filter(|entry| entry.op == id).count();
        let ids = |keep: &dyn Fn(&Attempt<'_>) -> bool| -> Vec<String> {
            attempts.iter().filter(|a| keep(a)).map(|a| a.id.to_owned()).collect()
        };
        let mut unexpected =
            ids(&|a| !matches!(a.outcome, Some(Outcome::Ok | Outcome::Info)) && copies(a.id) > 0);
        let mut strangers: Vec<String> = entries
            .iter()
            .filter(|entry| attempts.iter().all(|a| a.id != entry.op))
            .map(|entry| entry.op.clone())
            .collect();
        strangers.sort();
        strangers.dedup();
        unexpected.extend(strangers);
        Differences {
            lost: ids(&|a| a.outcome == Some(Outcome::Ok) && copies(a.id) == 0),
            duplicated: ids(&|a| copies(a.id) > 1),
            recovered: ids(&|a| a.outcome == Some(Outcome::Info) && copies(a.id) > 0),
            unexpected,
            corrupted: ids(&|a| {
                entries.iter().any(|e| e.op == a.id && a.hash.is_some_and(|hash| hash != e.hash))
            }),
        }
    }

    fn outcome() -> impl Strategy<Value = Option<Outcome>> {
        prop::option::of(prop::sample::select(vec![Outcome::Ok, Outcome::Fail, Outcome::Info]))
    }

    proptest! {
        #[test]
        fn agrees_with_the_naive_model(
            outcomes in prop::collection::vec((outcome(), prop::option::of(0u64..3)), 0..30),
            stored in prop::collection::vec((0usize..40, 0u64..3), 0..60),
        ) {
            let ids: Vec<String> = (0..outcomes.len()).map(|n| format!("op-{n}")).collect();
            let attempts: Vec<Attempt<'_>> = ids
                .iter()
                .zip(&outcomes)
                .map(|(id, (outcome, hash))| Attempt { id, outcome: *outcome, hash: *hash })
                .collect();
            let entries: Vec<Entry> =
                stored.iter().map(|(n, hash)| Entry { op: format!("op-{n}"), hash: *hash }).collect();
            let entries: Vec<&Entry> = entries.iter().collect();
            prop_assert_eq!(compare(&attempts, &entries), naive(&attempts, &entries));
        }
    }
}
