//! Verdict on a history. Pure functions: every check can be made again on the folder of an earlier run.
//!
//! | module | question |
//! | --- | --- |
//! | [`verdict`] | `pass`, `not checked`, `unknown`, `fail`, and how they compose |
//! | [`set`] | which acknowledged entries are lost, duplicated, corrupted; which are unexpected |
//! | [`durability`] | the same per path, against what is expected |
//! | [`coverage`] | which paths' entries were checked |
//! | [`answers`] | whether every success was the answer that its path declares |
//! | [`availability`] | the share of operations that were ok, with and without faults |
//! | [`times`] | time to detect a fault, time to recover from it |
//! | [`recovery`] | whether every path recovered in time, and everything acknowledged was stored in time |
//! | [`evidence`] | whether there is evidence that faults took effect and were healed |
//! | [`stopped`] | whether nodes that were asked to stop did so gracefully |
//! | [`completeness`] | whether the run finished, did something, and every node lived to the end |
//! | [`figures`] | counts and quantiles |
//! | `words` | words that several checks share |

pub mod answers;
pub mod availability;
pub mod completeness;
pub mod coverage;
pub mod durability;
pub mod evidence;
pub mod figures;
pub mod recovery;
pub mod set;
pub mod stopped;
pub mod times;
pub mod verdict;
mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::timeline::Timeline;

pub use coverage::Coverage;
pub use figures::{FaultFigures, OutcomeCounts, PathFigures, Quantiles};
pub use verdict::{Check, Verdict};

/// Result of all checks on a history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The worst of the checks; never `not checked`.
    pub verdict: Verdict,
    /// Checks, one for each question.
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
    /// Stored though failed or dropped.
    pub unexpected: u64,
    /// Stored with other data than was sent.
    pub corrupted: u64,
}

/// Judges a run by its whole timeline.
#[must_use]
pub fn judge(timeline: &Timeline) -> Judgement {
    let stored = durability::compare(timeline);
    // Computed once: the check `recovered` and the report must not differ.
    let faults = figures::faults(timeline);
    let mut checks = vec![completeness::check(timeline)];
    checks.extend(answers::check(timeline));
    checks.extend(durability::checks(timeline, &stored));
    checks.extend(availability::checks(timeline));
    checks.extend(recovery::checks(timeline, &faults));
    checks.extend(stopped::check(timeline));
    checks.extend(evidence::check(timeline));
    Judgement {
        verdict: verdict(timeline, &checks),
        checks,
        paths: figures::paths(timeline, &stored),
        faults,
        entries: durability::counts(&stored),
        drain_ms: recovery::drain_ms(timeline),
    }
}

/// Returns the worst of the checks. A run without a check on entries does not pass by itself.
fn verdict(timeline: &Timeline, checks: &[Check]) -> Verdict {
    match Verdict::worst(checks.iter().map(|check| check.verdict)) {
        Verdict::NotChecked if coverage::pardon(timeline).is_some() => Verdict::Pass,
        Verdict::NotChecked => Verdict::Unknown,
        worst => worst,
    }
}

#[cfg(test)]
mod tests;
