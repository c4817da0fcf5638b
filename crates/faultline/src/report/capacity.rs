//! The result of a search for a capacity: for a terminal, and for programs.

use serde::Serialize;

use super::style::Style;
use super::table::{line, table};
use crate::measure::capacity::{CapacityResult, SearchResult, TrialResult};
use crate::measure::search::TrialVerdict;
use crate::measure::{LatencyQuantiles, LoadFigures};

/// A result in numbers, for programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CapacityReport {
    /// The folder of the run.
    pub folder: String,
    /// The path.
    pub path: String,
    /// What was loaded.
    pub aimed_at: String,
    /// What must hold.
    pub objective: Vec<String>,
    /// The seed of the arrivals.
    pub seed: u64,
    /// What was found; none if it was interrupted.
    pub found: Option<SearchResult>,
    /// Every trial, in order.
    pub trials: Vec<TrialReport>,
}

/// A trial in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrialReport {
    /// Arrivals a second.
    pub rate: f64,
    /// Whether it confirms what was found.
    pub confirms: bool,
    /// How it went.
    pub held: TrialVerdict,
    /// Why it did not hold, or is doubtful.
    pub why: Option<String>,
    /// Time until nothing waited in a queue, in milliseconds.
    pub drained_ms: Option<u64>,
    /// What became of the operations.
    pub figures: LoadFigures,
}

impl CapacityReport {
    /// Of the result in a folder.
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
            objective: result.objective.clone(),
            seed: result.seed,
            found: result.found,
            trials: result.trials.iter().map(trial).collect(),
        }
    }

    /// As text, with a line break at its end.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        let head = ["offered/s", "ok/s", "p50 ms", "p99 ms", "max ms", "not ok", "late %", "drain s", "held"];
        let mut trials: Vec<&TrialReport> = self.trials.iter().collect();
        trials.sort_by(|a, b| a.rate.total_cmp(&b.rate));
        let mut text = String::new();
        let title = format!("{}: {}", self.path, self.objective.join(", "));
        line(&mut text, &style.bold(&title));
        table(&mut text, &head, &trials.iter().map(|trial| row(trial)).collect::<Vec<_>>(), style);
        line(&mut text, "");
        line(&mut text, &self.told(style));
        line(&mut text, &style.dim(&format!("run folder: {}", self.folder)));
        text
    }

    fn told(&self, style: Style) -> String {
        match self.found {
            Some(SearchResult::Capacity { rate }) => {
                format!("{} {rate:.0}/s, confirmed three times", style.bold("capacity:"))
            }
            Some(SearchResult::AlwaysMet { up_to }) => {
                format!("always met: it holds at {up_to:.0}/s, the highest rate that was to be tried")
            }
            Some(SearchResult::NeverMet { down_to }) => {
                format!("never met: it does not hold at {down_to:.0}/s, the lowest rate that was to be tried")
            }
            Some(SearchResult::GeneratorLimit { rate, late_at }) => {
                let holds = rate.map_or_else(String::new, |rate| format!("it holds at {rate:.0}/s, and "));
                format!("the generator is the limit: {holds}at {late_at:.0}/s the generator was late")
            }
            None => "interrupted: nothing was found".to_owned(),
        }
    }
}

fn row(trial: &TrialReport) -> Vec<String> {
    let figures = &trial.figures;
    let latency = |get: fn(LatencyQuantiles) -> f64| {
        figures.from_due.map_or_else(|| "-".to_owned(), |quantiles| format!("{:.2}", get(quantiles)))
    };
    let held = match (trial.held, &trial.why) {
        (TrialVerdict::Yes, _) if trial.confirms => "yes, again".to_owned(),
        (TrialVerdict::Yes, _) => "yes".to_owned(),
        (_, why) => why.clone().unwrap_or_default(),
    };
    let drained = trial.drained_ms.map_or_else(|| "-".to_owned(), |ms| format!("{:.1}", ms as f64 / 1000.0));
    let mut row = vec![format!("{:.0}", trial.rate), format!("{:.0}", figures.ok_per_s)];
    row.extend([latency(|q| q.p50), latency(|q| q.p99), latency(|q| q.max)]);
    row.push((figures.offered - figures.ok).to_string());
    row.extend([format!("{:.2}", figures.lateness.share * 100.0), drained, held]);
    row
}

/// A trial in a line, told as soon as it is over.
#[must_use]
pub fn trial_line(trial: &TrialResult) -> String {
    let p99 = trial.tally.from_due.quantile(0.99);
    let p99 = p99.map_or_else(String::new, |micros| format!(", p99 {:.1} ms", micros as f64 / 1000.0));
    let held = match (&trial.why, trial.confirms) {
        (Some(why), _) => why.as_str(),
        (None, true) => "holds again",
        (None, false) => "holds",
    };
    format!("  {:.0}/s: {held}{p99}", trial.rate)
}
