//! Coverage of the checks on entries: a path that names no store is not checked, and is reported as such.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::set::DifferencesByPath;
use super::verdict::Verdict;
use crate::scenario::Entries;
use crate::timeline::Timeline;

/// Extent to which the entries of a path were checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Coverage {
    /// Compared with the store that the path names.
    Checked,
    /// Not compared: the path names no store, or its store could not be read.
    // The default, so that a report of an earlier version claims no check.
    #[default]
    NotChecked,
    /// No entries: the path declares that it writes nothing.
    NothingWritten,
}

/// Returns the coverage of one path.
#[must_use]
pub fn coverage_of(timeline: &Timeline, path: &str, stored: &DifferencesByPath) -> Coverage {
    match timeline.run.stored_in.get(path) {
        Some(store) if stored.contains_key(path) && !timeline.stores.unread.contains_key(store.as_str()) => {
            Coverage::Checked
        }
        None if !not_checked(timeline).contains(path) => Coverage::NothingWritten,
        _ => Coverage::NotChecked,
    }
}

/// Returns the verdict on entries without a difference.
pub(super) fn verdict(timeline: &Timeline) -> Verdict {
    if not_checked(timeline).is_empty() { Verdict::Pass } else { Verdict::NotChecked }
}

/// Describes the paths that a check on entries left out; none where every path was checked.
pub(super) fn note(timeline: &Timeline) -> Option<String> {
    let paths: Vec<&str> = not_checked(timeline).into_iter().collect();
    match (paths.is_empty(), pardon(timeline)) {
        (true, _) if storing(timeline).is_empty() => Some("no loaded path writes entries".to_owned()),
        (true, _) => None,
        (false, Some(pardon)) => Some(format!("not checked on {}: {pardon}", paths.join(", "))),
        (false, None) => Some(format!("not checked on {}", paths.join(", "))),
    }
}

/// Names the declaration that would have every path checked; none where a run may pass without.
pub(super) fn advice(timeline: &Timeline) -> Option<String> {
    // One path is enough: what to declare is the same for each.
    let path = not_checked(timeline).into_iter().next().filter(|_| pardon(timeline).is_none())?;
    Some(format!(
        "expected `stored-in: STORE` or `writes: nothing` in x-faultline.paths.{path}, found neither; a scenario accepts \
         it with entries = \"not-checked\" under [expect]"
    ))
}

/// Lists every loaded path that names a store.
pub(super) fn storing(timeline: &Timeline) -> BTreeSet<&str> {
    let stored_in = &timeline.run.stored_in;
    timeline.paths().into_iter().filter(|path| stored_in.contains_key(*path)).collect()
}

/// Lists every loaded path that neither names a store nor declares that it writes nothing.
pub(super) fn not_checked(timeline: &Timeline) -> BTreeSet<&str> {
    let writes_nothing = |path: &str| match &timeline.run.declared {
        Some(declared) => declared.writes_nothing.contains(path),
        // An earlier lab took a path without a store for one that writes nothing; where no path has one, nobody looked.
        None => !timeline.run.stored_in.is_empty(),
    };
    let storing = storing(timeline);
    timeline.paths().into_iter().filter(|path| !storing.contains(path) && !writes_nothing(path)).collect()
}

/// Returns the reason for which a run may pass although entries of some paths are not checked; none if it may not.
pub(super) fn pardon(timeline: &Timeline) -> Option<&'static str> {
    match (&timeline.run.declared, timeline.run.schedule.expect.entries) {
        (None, _) => Some("recorded by an earlier faultline, which did not ask what paths write"),
        (Some(_), Entries::NotChecked) => Some("the scenario accepts that"),
        (Some(_), Entries::Checked) => None,
    }
}
