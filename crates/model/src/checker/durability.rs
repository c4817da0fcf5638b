//! Which acknowledged entries are lost, duplicated or corrupted, per path and against what is expected.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::EntryCounts;
use super::coverage;
use super::set::{self, Attempt, Found};
use super::verdict::{Check, Verdict};
use crate::timeline::Timeline;

/// What was found on each path that stores; a path whose store could not be read is absent.
pub type ByPath = BTreeMap<String, Found>;

/// Compares every path that stores with its store.
#[must_use]
pub fn compare(timeline: &Timeline) -> ByPath {
    let mut by_path = ByPath::new();
    // Nobody knows where these belong, so they are no strangers where they are found.
    let not_checked = coverage::not_checked(timeline);
    let anywhere: HashSet<&str> = timeline
        .operations()
        .iter()
        .filter(|operation| not_checked.contains(operation.path.as_str()))
        .map(|operation| operation.id.as_str())
        .collect();
    for (store, entries) in &timeline.stores.entries {
        let entries: Vec<_> = entries.iter().filter(|entry| !anywhere.contains(entry.op.as_str())).collect();
        let paths: BTreeSet<&str> = paths_into(timeline, store);
        let operations =
            timeline.operations().iter().filter(|operation| paths.contains(operation.path.as_str()));
        let attempts: Vec<Attempt<'_>> = operations
            .map(|operation| Attempt { id: &operation.id, outcome: operation.outcome, hash: operation.hash })
            .collect();
        let found = set::compare(&attempts, &entries);
        for path in paths {
            by_path.insert(path.to_owned(), Found::default());
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

/// Gives each id to its path; an entry of no operation goes to a path of its own, "(none)".
fn spread(timeline: &Timeline, found: &Found, by_path: &mut ByPath) {
    let path_of: BTreeMap<&str, &str> = timeline
        .operations()
        .iter()
        .map(|operation| (operation.id.as_str(), operation.path.as_str()))
        .collect();
    let mut give = |ids: &[String], list: fn(&mut Found) -> &mut Vec<String>| {
        for id in ids {
            let path = path_of.get(id.as_str()).copied().unwrap_or("(none)");
            list(by_path.entry(path.to_owned()).or_default()).push(id.clone());
        }
    };
    give(&found.lost, |found| &mut found.lost);
    give(&found.duplicated, |found| &mut found.duplicated);
    give(&found.recovered, |found| &mut found.recovered);
    give(&found.unexpected, |found| &mut found.unexpected);
    give(&found.corrupted, |found| &mut found.corrupted);
}

/// Counts the entries that went wrong on all paths.
#[must_use]
pub fn counts(by_path: &ByPath) -> EntryCounts {
    let sum = |list: fn(&Found) -> &Vec<String>| by_path.values().map(|found| list(found).len() as u64).sum();
    EntryCounts {
        lost: sum(|found| &found.lost),
        duplicated: sum(|found| &found.duplicated),
        unexpected: sum(|found| &found.unexpected),
    }
}

/// The checks `lost`, `duplicated`, `unexpected` and `corrupted`.
#[must_use]
pub fn checks(timeline: &Timeline, by_path: &ByPath) -> Vec<Check> {
    let expect = &timeline.run.schedule.expect;
    let unread = unread(timeline);
    let note = coverage::note(timeline);
    let check = |name: &str, what: &str, allowed: u64, list: fn(&Found) -> &Vec<String>| {
        let ids: Vec<&String> = by_path.values().flat_map(list).collect();
        let looked = !coverage::storing(timeline).is_empty() || !ids.is_empty();
        let told = looked.then(|| told(by_path, list, ids.len(), what, allowed));
        let verdict = match (ids.len() as u64 <= allowed, &unread) {
            (false, _) => Verdict::Fail,
            (true, Some(_)) => Verdict::Unknown,
            (true, None) => coverage::verdict(timeline),
        };
        let advice = coverage::advice(timeline).filter(|_| name == "lost");
        let parts: Vec<String> = [told, unread.clone(), note.clone(), advice].into_iter().flatten().collect();
        Check::new(name, verdict, parts.join("; ")).with_ids(ids)
    };
    vec![
        check("lost", "acknowledged and not stored", expect.lost, |found| &found.lost),
        check("duplicated", "stored more than once", expect.duplicated, |found| &found.duplicated),
        check("unexpected", "stored though refused or never sent", expect.unexpected, |found| {
            &found.unexpected
        }),
        check("corrupted", "stored with other content than was sent", 0, |found| &found.corrupted),
    ]
}

fn told(
    by_path: &ByPath,
    list: fn(&Found) -> &Vec<String>,
    total: usize,
    what: &str,
    allowed: u64,
) -> String {
    let per_path: Vec<String> = by_path
        .iter()
        .filter(|(_, found)| !list(found).is_empty())
        .map(|(path, found)| format!("{path} {}", list(found).len()))
        .collect();
    let mut told = format!("{total} {what}");
    if !per_path.is_empty() {
        told += &format!(" ({})", per_path.join(", "));
    }
    if allowed > 0 {
        told += &format!("; {allowed} allowed");
    }
    told
}

/// Which stores of loaded paths could not be read, in words.
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
            !timeline.stores.entries.contains_key(*store) || timeline.stores.unread.contains_key(*store)
        })
        .map(|store| {
            let reason = timeline.stores.unread.get(store).map_or("the run ended before", String::as_str);
            format!("the store {store} could not be read: {reason}")
        })
        .collect();
    (!missing.is_empty()).then(|| missing.join("; "))
}
