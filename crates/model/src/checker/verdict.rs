//! `pass`, `not checked`, `unknown`, `fail`; verdicts compose to the worst.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::timeline::Timeline;

/// The answer to a question.
// The variants stand from good to bad, since `worst` takes the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The expectation holds, with evidence.
    Pass,
    /// Not checked, since nothing says where the entries are.
    // A run as a whole is `unknown` then, or passes where its scenario accepts that: a check that did not look must
    // not look like one that found nothing.
    NotChecked,
    /// There is not enough evidence.
    Unknown,
    /// The expectation does not hold, with evidence.
    Fail,
}

impl Verdict {
    /// The worst of several; of none, `pass`.
    pub fn worst(verdicts: impl IntoIterator<Item = Self>) -> Self {
        verdicts.into_iter().max().unwrap_or(Self::Pass)
    }

    /// `Pass` if it holds, else `Fail`.
    #[must_use]
    pub fn of(holds: bool) -> Self {
        if holds { Self::Pass } else { Self::Fail }
    }

    /// Returns the verdict on something that should have happened in time: unknown instead of fail where
    /// the run was cut short.
    #[must_use]
    pub fn in_time(timeline: &Timeline, holds: bool) -> Self {
        // After the last event it might have happened, had anybody looked.
        if !holds && timeline.is_cut_short() { Self::Unknown } else { Self::of(holds) }
    }

    /// Returns the verdict in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::NotChecked => "not checked",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `pad` keeps the width that a table asks for, which `write!` would ignore.
        f.pad(self.name())
    }
}

/// One question and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// Name of the check.
    pub name: String,
    /// Verdict of the check.
    pub verdict: Verdict,
    /// Explanation, with figures.
    pub detail: String,
    /// The operations in question, at most [`Check::MOST_IDS`] of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
}

impl Check {
    /// Largest number of ids that a check lists; the history holds all of them.
    // A run in which every entry is lost would otherwise fill its reports with ids.
    pub const MOST_IDS: usize = 100;

    /// A check without ids.
    pub fn new(name: &str, verdict: Verdict, detail: impl Into<String>) -> Self {
        Self { name: name.to_owned(), verdict, detail: detail.into(), ids: Vec::new() }
    }

    /// The same with ids, as many as are listed.
    #[must_use]
    pub fn with_ids<'a>(mut self, ids: impl IntoIterator<Item = &'a String>) -> Self {
        self.ids = ids.into_iter().take(Self::MOST_IDS).cloned().collect();
        self
    }

    /// The first of its ids, for people, and how many more are listed; none for a check that passes or has none.
    #[must_use]
    pub fn first_ids(&self) -> Option<String> {
        const SHOWN: usize = 5;
        if self.verdict == Verdict::Pass || self.ids.is_empty() {
            return None;
        }
        let (shown, more) = self.ids.split_at(self.ids.len().min(SHOWN));
        let shown = shown.join(", ");
        Some(if more.is_empty() { shown } else { format!("{shown} and {} more in report.json", more.len()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_decides() {
        use Verdict::{Fail, NotChecked, Pass, Unknown};
        assert_eq!(Verdict::worst([Pass, NotChecked, Pass]), NotChecked);
        assert_eq!(Verdict::worst([Pass, Unknown, NotChecked]), Unknown);
        assert_eq!(Verdict::worst([Unknown, Fail]), Fail);
        assert_eq!(Verdict::worst([]), Pass);
    }

    #[test]
    fn the_first_ids_are_told_where_a_check_does_not_pass() {
        let told = |verdict, count: u32| {
            let ids: Vec<String> = (1..=count).map(|id| id.to_string()).collect();
            Check::new("lost", verdict, "").with_ids(&ids).first_ids()
        };
        assert_eq!(told(Verdict::Pass, 3), None);
        assert_eq!(told(Verdict::Fail, 0), None);
        assert_eq!(told(Verdict::Fail, 5).as_deref(), Some("1, 2, 3, 4, 5"));
        assert_eq!(told(Verdict::Unknown, 7).as_deref(), Some("1, 2, 3, 4, 5 and 2 more in report.json"));
    }
}
