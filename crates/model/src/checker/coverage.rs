//! Which paths' entries were looked for: what no store is named for is not checked, and is told as such.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::durability::ByPath;
use super::verdict::Verdict;
use super::view::View;

/// What was looked at of the entries of a path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Coverage {
    /// They were compared with the store that the path names.
    Checked,
    /// Nobody looked: the path names no store, or its store could not be read.
    #[default]
    NotChecked,
    /// There are none: the path says that it writes nothing.
    NothingWritten,
}

/// What was looked at of the entries of one path.
#[must_use]
pub fn of_path(view: &View<'_>, path: &str, stored: &ByPath) -> Coverage {
    match view.run.stored_in.get(path) {
        Some(store) if stored.contains_key(path) && !view.unobserved.contains_key(store.as_str()) => {
            Coverage::Checked
        }
        None if !view.not_checked().contains(path) => Coverage::NothingWritten,
        _ => Coverage::NotChecked,
    }
}

/// The verdict on entries of which none was found wrong.
pub(super) fn verdict(view: &View<'_>) -> Verdict {
    if view.not_checked().is_empty() { Verdict::Pass } else { Verdict::NotChecked }
}

/// What is to be known of a check on entries beside what was found; none where every path was looked at.
pub(super) fn note(view: &View<'_>) -> Option<String> {
    let paths: Vec<&str> = view.not_checked().into_iter().collect();
    match (paths.is_empty(), view.pardon()) {
        (true, _) if view.storing().is_empty() => Some("no loaded path writes entries".to_owned()),
        (true, _) => None,
        (false, Some(pardon)) => Some(format!("not checked on {}: {pardon}", paths.join(", "))),
        (false, None) => Some(format!("not checked on {}", paths.join(", "))),
    }
}

/// What to declare, so that every path is looked at; none where a run may pass without.
pub(super) fn advice(view: &View<'_>) -> Option<String> {
    let path = view.not_checked().into_iter().next().filter(|_| view.pardon().is_none())?;
    Some(format!(
        "expected `stored-in: STORE` or `writes: nothing` in x-faultline.paths.{path}, found neither; a scenario accepts \
         that by entries = \"not-checked\" under [expect]"
    ))
}
