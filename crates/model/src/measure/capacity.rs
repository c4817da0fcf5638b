//! The result of a search for the highest rate that a path holds; `capacity.json` in the folder of its run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use super::search::SearchResult;
use super::search::TrialVerdict;
use super::tally::Tally;
use super::threshold::Threshold;
use crate::scenario::duration::Span;

/// The version of the file.
pub const VERSION: u32 = 1;

/// The result of a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CapacityResult {
    /// Version of the format: [`VERSION`].
    pub version: u32,
    /// The run's id.
    pub run: String,
    /// The version of the lab.
    pub faultline: String,
    /// Start of the search: RFC 3339.
    pub started: String,
    /// Target of the load.
    pub aimed_at: String,
    /// Path of the operations.
    pub path: String,
    /// SLO: its thresholds, each as it was written.
    #[serde(alias = "objective")]
    pub slo: Vec<String>,
    /// Decides everything that is random.
    pub seed: u64,
    /// Trials in order.
    pub trials: Vec<TrialResult>,
    /// Result of the search; none if it was interrupted.
    pub found: Option<SearchResult>,
    /// Versions of what ran and facts of the machine.
    pub environment: BTreeMap<String, String>,
}

/// One trial of a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialResult {
    /// Arrivals a second.
    pub rate: f64,
    /// Duration of the measurement, after a second to warm up.
    pub lasted: Span,
    /// True if the trial confirms a rate that was found before.
    pub confirms: bool,
    /// Verdict of the trial.
    pub held: TrialVerdict,
    /// Reason why the SLO did not hold, or why that is doubtful.
    pub why: Option<String>,
    /// Counts and latencies of the operations that were measured.
    pub tally: Tally,
    /// Time from its end until nothing waited in a queue, in milliseconds; none where queues can't be seen.
    pub drained_ms: Option<u64>,
}

/// Judges a trial by what must hold; says why where it does not.
#[must_use]
// Latency counts from the due time. If only the service time meets the SLO, the delay may be the generator's own.
pub fn judge(slo: &[Threshold], tally: &Tally) -> (TrialVerdict, Option<String>) {
    let missed = |tally: &Tally| slo.iter().find(|threshold| !threshold.holds(tally)).cloned();
    // A late generator only adds to the latency: an SLO that is met in spite of it is met all the more.
    let Some(missed_from_due) = missed(tally) else { return (TrialVerdict::Yes, None) };
    if tally.is_timely() {
        return (TrialVerdict::No, Some(format!("threshold `{missed_from_due}` is not met")));
    }
    // The generator was late, which may be the reason. The service time does not include its lateness.
    let from_sent = Tally { from_due: tally.from_sent.clone(), ..tally.clone() };
    match missed(&from_sent) {
        Some(missed) => {
            (TrialVerdict::No, Some(format!("threshold `{missed}` is not met, even by the service time")))
        }
        None => (TrialVerdict::Doubtful, Some("the generator was late".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Outcome;
    use crate::measure::tally::OperationEnd;

    fn tally(sent: i64, ended: i64) -> Tally {
        let mut tally = Tally::fine();
        let (outcome, status) = (Outcome::Ok, None);
        tally.count(OperationEnd { due: 0, sent, ended, outcome, status, message: None });
        tally
    }

    #[test]
    fn a_late_generator_makes_a_trial_doubtful_only_where_it_decides() {
        let slo = ["p99 < 50ms".parse().unwrap(), "errors < 0.1%".parse().unwrap()];
        let held = |sent, ended| judge(&slo, &tally(sent, ended)).0;
        assert_eq!(held(0, 40_000), TrialVerdict::Yes);
        assert_eq!(held(20_000, 40_000), TrialVerdict::Yes);
        assert_eq!(held(0, 60_000), TrialVerdict::No);
        assert_eq!(held(20_000, 90_000), TrialVerdict::No);
        assert_eq!(held(20_000, 60_000), TrialVerdict::Doubtful);
    }

    #[test]
    fn of_no_answers_at_all_nothing_holds() {
        let slo = ["p99 < 50ms".parse().unwrap()];
        assert_eq!(judge(&slo, &Tally::fine()).0, TrialVerdict::No);
    }
}
