//! The result of a search for a capacity: for a terminal, and for programs.

use serde::Serialize;

use super::style::Style;
use super::table::{line, table};
use super::words;
use crate::measure::capacity::{CapacityResult, SearchResult, TrialResult};
use crate::measure::search::TrialVerdict;
use crate::measure::{LatencyQuantiles, LoadFigures};

/// Result of a search for a capacity, for programs and people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CapacityReport {
    /// Folder of the search.
    pub folder: String,
    /// Name of the path.
    pub path: String,
    /// Description of the target.
    pub aimed_at: String,
    /// Thresholds of the SLO.
    pub slo: Vec<String>,
    /// Seed of the arrivals.
    pub seed: u64,
    /// Result; none if the search was interrupted.
    pub found: Option<SearchResult>,
    /// Trials in the order in which they were made.
    pub trials: Vec<TrialReport>,
}

/// Figures of one trial.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrialReport {
    /// Arrival rate, per second.
    pub rate: f64,
    /// Purpose: true for a trial that confirms the capacity.
    pub confirms: bool,
    /// Outcome: the SLO held, did not hold, or the trial is doubtful.
    pub held: TrialVerdict,
    /// Reason why the SLO did not hold, or why the trial is doubtful.
    pub why: Option<String>,
    /// Time until the queues were empty, in milliseconds; none if they were not, or the system has none.
    pub drained_ms: Option<u64>,
    /// Counts and latencies of the operations.
    pub figures: LoadFigures,
}

impl CapacityReport {
    /// Creates the report of a result and its folder.
    #[must_use]
    pub fn new(folder: &str, result: &CapacityResult) -> Self {
        let trial = |trial: &TrialResult| TrialReport {
            rate: trial.rate,
            confirms: trial.confirms,
            held: trial.held,
            why: trial.why.clone(),
            drained_ms: trial.drained_ms,
            figures: LoadFigures::new(&trial.tally, trial.lasted.duration().as_secs_f64()),
        };
        Self {
            folder: folder.to_owned(),
            path: result.path.clone(),
            aimed_at: result.aimed_at.clone(),
            slo: result.slo.clone(),
            seed: result.seed,
            found: result.found,
            trials: result.trials.iter().map(trial).collect(),
        }
    }

    /// Writes the report as text, with a line break at its end.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        let head = ["offered/s", "ok/s", "p50 ms", "p99 ms", "max ms", "not ok", "late %", "drain s", "SLO"];
        // The search jumps between rates; in their order the table reads as a curve.
        let mut trials: Vec<&TrialReport> = self.trials.iter().collect();
        trials.sort_by(|a, b| a.rate.total_cmp(&b.rate));
        let mut text = String::new();
        let title = format!("{}: {}", self.path, self.slo.join(", "));
        line(&mut text, &style.bold(&title));
        table(&mut text, &head, &trials.iter().map(|trial| row(trial)).collect::<Vec<_>>(), style);
        line(&mut text, "");
        line(&mut text, &self.conclusion(style));
        line(&mut text, &style.dim(&format!("{}  {}", words::RUN_FOLDER, self.folder)));
        text
    }

    fn conclusion(&self, style: Style) -> String {
        match self.found {
            Some(SearchResult::Capacity { rate }) => {
                format!("{} {rate:.0}/s, confirmed three times", style.bold("capacity:"))
            }
            Some(SearchResult::AlwaysMet { up_to }) => {
                format!("always met: the SLO holds at {up_to:.0}/s, the highest rate (--highest)")
            }
            Some(SearchResult::NeverMet { down_to }) => {
                format!("never met: the SLO does not hold at {down_to:.0}/s, the lowest rate (--lowest)")
            }
            Some(SearchResult::GeneratorLimit { rate, late_at }) => {
                let holds = rate.map_or_else(String::new, |rate| format!("the SLO holds at {rate:.0}/s; "));
                format!("the generator is the limit: {holds}at {late_at:.0}/s the generator is late")
            }
            None => "interrupted before a capacity was found".to_owned(),
        }
    }
}

fn row(trial: &TrialReport) -> Vec<String> {
    let figures = &trial.figures;
    let latency = |get: fn(LatencyQuantiles) -> f64| {
        figures.from_due.map_or_else(|| "-".to_owned(), |quantiles| format!("{:.2}", get(quantiles)))
    };
    let held = match (trial.held, &trial.why) {
        (TrialVerdict::Yes, _) if trial.confirms => "met again".to_owned(),
        (TrialVerdict::Yes, _) => "met".to_owned(),
        (_, why) => why.clone().unwrap_or_default(),
    };
    let drained = trial.drained_ms.map_or_else(|| "-".to_owned(), |ms| format!("{:.1}", ms as f64 / 1000.0));
    let mut row = vec![format!("{:.0}", trial.rate), format!("{:.0}", figures.ok_per_s)];
    row.extend([latency(|q| q.p50), latency(|q| q.p99), latency(|q| q.max)]);
    row.push((figures.offered - figures.ok).to_string());
    row.extend([format!("{:.2}", figures.lateness.share * 100.0), drained, held]);
    row
}

/// Formats a trial as one line of progress.
#[must_use]
pub fn trial_line(trial: &TrialResult) -> String {
    let p99 = trial.tally.from_due.quantile(0.99);
    let p99 = p99.map_or_else(String::new, |micros| format!(", p99 {:.1} ms", micros as f64 / 1000.0));
    let held = match (&trial.why, trial.confirms) {
        (Some(why), _) => why.as_str(),
        (None, true) => "SLO met again",
        (None, false) => "SLO met",
    };
    format!("  {:.0}/s: {held}{p99}", trial.rate)
}
