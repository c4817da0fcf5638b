//! Lost, duplicated, unexpected and corrupted entries, per path and against what is expected.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::EntryCounts;
use super::coverage;
use super::set::{self, Attempt, Differences, DifferencesByPath};
use super::verdict::{Check, Verdict};
use crate::timeline::Timeline;

/// Compares every path that stores with its store.
#[must_use]
pub fn compare(timeline: &Timeline) -> DifferencesByPath {
    let mut by_path = DifferencesByPath::new();
    // The store of these entries is unknown, so they are not unexpected in any store.
    let not_checked = coverage::not_checked(timeline);
    let anywhere: HashSet<&str> = timeline
        .operations()
        .iter()
        .filter(|operation| not_checked.contains(operation.path.as_str()))
        .map(|operation| operation.id.as_str())
        .collect();
    for (store, entries) in &timeline.stores.entries {
        // A whole store at once: an entry that belongs to a path of another store is unexpected in this one.
        let entries: Vec<_> = entries.iter().filter(|entry| !anywhere.contains(entry.op.as_str())).collect();
        let paths: BTreeSet<&str> = paths_into(timeline, store);
        let operations =
            timeline.operations().iter().filter(|operation| paths.contains(operation.path.as_str()));
        let attempts: Vec<Attempt<'_>> = operations
            .map(|operation| Attempt { id: &operation.id, outcome: operation.outcome, hash: operation.hash })
            .collect();
        let found = set::compare(&attempts, &entries);
        for path in paths {
            // Present without a difference too, so that the path counts as checked.
            // An entry of it may have been found in another store before.
            by_path.entry(path.to_owned()).or_default();
        }
        spread(timeline, &found, &mut by_path);
    }
    by_path
}

fn paths_into<'b>(timeline: &'b Timeline, store: &str) -> BTreeSet<&'b str> {
    let into = timeline.run.stored_in.iter().filter(|(_, into)| into.as_str() == store);
    let loaded = timeline.paths();
    into.map(|(path, _)| path.as_str()).filter(|path| loaded.contains(path)).collect()
}

/// Assigns each id to its path; an entry of no operation goes to a path of its own, "(none)".
fn spread(timeline: &Timeline, found: &Differences, by_path: &mut DifferencesByPath) {
    let path_of: BTreeMap<&str, &str> = timeline
        .operations()
        .iter()
        .map(|operation| (operation.id.as_str(), operation.path.as_str()))
        .collect();
    let mut assign = |ids: &[String], list: fn(&mut Differences) -> &mut Vec<String>| {
        for id in ids {
            let path = path_of.get(id.as_str()).copied().unwrap_or("(none)");
            list(by_path.entry(path.to_owned()).or_default()).push(id.clone());
        }
    };
    assign(&found.lost, |found| &mut found.lost);
    assign(&found.duplicated, |found| &mut found.duplicated);
    assign(&found.recovered, |found| &mut found.recovered);
    assign(&found.unexpected, |found| &mut found.unexpected);
    assign(&found.corrupted, |found| &mut found.corrupted);
}

/// Counts the entries that went wrong on all paths.
#[must_use]
pub fn counts(by_path: &DifferencesByPath) -> EntryCounts {
    let sum =
        |list: fn(&Differences) -> &Vec<String>| by_path.values().map(|found| list(found).len() as u64).sum();
    EntryCounts {
        lost: sum(|found| &found.lost),
        duplicated: sum(|found| &found.duplicated),
        unexpected: sum(|found| &found.unexpected),
        corrupted: sum(|found| &found.corrupted),
    }
}

/// Makes the checks `lost`, `duplicated`, `unexpected` and `corrupted`.
#[must_use]
pub fn checks(timeline: &Timeline, by_path: &DifferencesByPath) -> Vec<Check> {
    let expect = &timeline.run.schedule.expect;
    let unread = unread(timeline);
    let note = coverage::note(timeline);
    let check = |name: &str, what: &str, allowed: u64, list: fn(&Differences) -> &Vec<String>| {
        let ids: Vec<&String> = by_path.values().flat_map(list).collect();
        // Where no loaded path stores, `0 lost` would read as if somebody had looked.
        let looked = !coverage::storing(timeline).is_empty() || !ids.is_empty();
        let summary = looked.then(|| summary(by_path, list, ids.len(), what, allowed));
        let verdict = match (ids.len() as u64 <= allowed, &unread) {
            // What was found is enough for a fail, even if a store could not be read.
            (false, _) => Verdict::Fail,
            (true, Some(_)) => Verdict::Unknown,
            (true, None) => coverage::verdict(timeline),
        };
        // Once: the other three checks would repeat it.
        let advice = coverage::advice(timeline).filter(|_| name == "lost");
        let parts: Vec<String> =
            [summary, unread.clone(), note.clone(), advice].into_iter().flatten().collect();
        Check::new(name, verdict, parts.join("; ")).with_ids(ids)
    };
    vec![
        check("lost", "acknowledged and not stored", expect.lost, |found| &found.lost),
        check("duplicated", "stored more than once", expect.duplicated, |found| &found.duplicated),
        check("unexpected", "stored though failed or dropped", expect.unexpected, |found| &found.unexpected),
        check("corrupted", "stored with other content than was sent", 0, |found| &found.corrupted),
    ]
}

fn summary(
    by_path: &DifferencesByPath,
    list: fn(&Differences) -> &Vec<String>,
    total: usize,
    what: &str,
    allowed: u64,
) -> String {
    let per_path: Vec<String> = by_path
        .iter()
        .filter(|(_, found)| !list(found).is_empty())
        .map(|(path, found)| format!("{path} {}", list(found).len()))
        .collect();
    let mut summary = format!("{total} {what}");
    if !per_path.is_empty() {
        summary += &format!(" ({})", per_path.join(", "));
    }
    if allowed > 0 {
        summary += &format!("; {allowed} allowed");
    }
    summary
}

/// Lists the stores of loaded paths that could not be read, in words.
fn unread(timeline: &Timeline) -> Option<String> {
    let loaded = timeline.paths();
    let needed: BTreeSet<&str> = timeline
        .run
        .stored_in
        .iter()
        .filter(|(path, _)| loaded.contains(path.as_str()))
        .map(|(_, s)| s.as_str())
        .collect();
    let missing: Vec<String> = needed
        .into_iter()
        .filter(|store| {
            // A store without a line was not read. An empty store has a line without entries.
            !timeline.stores.entries.contains_key(*store) || timeline.stores.unread.contains_key(*store)
        })
        .map(|store| {
            let reason =
                timeline.stores.unread.get(store).map_or("the run ended before it was read", String::as_str);
            format!("the store {store} could not be read: {reason}")
        })
        .collect();
    (!missing.is_empty()).then(|| missing.join("; "))
}
