//! From history to verdict. Pure functions: every check can be made again on an old run's folder.
//!
//! | module | what it answers |
//! | --- | --- |
//! | [`verdict`] | `pass`, `not checked`, `unknown`, `fail`, and how they compose |
//! | [`view`] | the history, put in order once for all checks |
//! | [`set`] | which acknowledged entries are lost, doubled, altered; which are there that should not be |
//! | [`durability`] | the same per path, against what is expected |
//! | [`coverage`] | which paths' entries were looked for |
//! | [`answers`] | whether every success was the answer that its path declares |
//! | [`availability`] | the share of operations that were ok, with and without faults |
//! | [`recovery`] | how soon it was noticed, how soon all paths worked again, how soon it was drained |
//! | [`evidence`] | whether the faults had their effect, and lost it |
//! | [`completeness`] | whether the run came to its end and did something |
//! | [`figures`] | counts and quantiles |

pub mod answers;
pub mod availability;
pub mod completeness;
pub mod coverage;
pub mod durability;
pub mod evidence;
pub mod figures;
pub mod recovery;
pub mod set;
pub mod verdict;
pub mod view;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::history::History;

pub use coverage::Coverage;
pub use figures::{FaultFigures, PathFigures, Quantiles, Tally};
pub use verdict::{Check, Verdict};
pub use view::View;

/// What the checkers found in a history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The worst of the checks; never `not checked`.
    pub verdict: Verdict,
    /// One for each question.
    pub checks: Vec<Check>,
    /// Figures of each path.
    pub paths: BTreeMap<String, PathFigures>,
    /// Figures of each fault, in the order of the schedule.
    pub faults: Vec<FaultFigures>,
    /// Entries that went wrong, of all paths that were checked.
    pub entries: EntryCounts,
    /// Time from the end of load and faults until every acknowledged entry was stored, in milliseconds.
    pub drain_ms: Option<u64>,
}

/// Entries that went wrong, of all paths that were checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryCounts {
    /// Acknowledged and not stored.
    pub lost: u64,
    /// Stored more than once.
    pub duplicated: u64,
    /// Stored though refused or never sent.
    pub unexpected: u64,
}

/// Judges a history.
#[must_use]
pub fn judge(history: &History) -> Judgement {
    let view = View::of(history);
    let stored = durability::compare(&view);
    let faults = figures::faults(&view);
    let mut checks = vec![completeness::check(&view)];
    checks.extend(answers::check(&view));
    checks.extend(durability::checks(&view, &stored));
    checks.extend(availability::checks(&view));
    checks.extend(recovery::checks(&view, &faults));
    checks.extend(evidence::check(&view));
    Judgement {
        verdict: verdict(&view, &checks),
        checks,
        paths: figures::paths(&view, &stored),
        faults,
        entries: durability::counts(&stored),
        drain_ms: recovery::drain_ms(&view),
    }
}

/// The worst of the checks. What nobody looked at does not pass by itself.
fn verdict(view: &View<'_>, checks: &[Check]) -> Verdict {
    match Verdict::worst(checks.iter().map(|check| check.verdict)) {
        Verdict::NotChecked if view.pardon().is_some() => Verdict::Pass,
        Verdict::NotChecked => Verdict::Unknown,
        worst => worst,
    }
}

#[cfg(test)]
mod tests;
