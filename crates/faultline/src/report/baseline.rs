//! The effect of a fault, separated from noise: a run beside its baseline, which has the same seed and load and no faults.

use serde::Serialize;

use super::compare::row;
use super::model::Report;
use super::style::Style;
use super::table::{line, table};
use super::words;
use crate::checker::FaultFigures;
use crate::measure::Second;
use crate::measure::compare::{Comparison, compare};
use crate::timeline::Operation;
use crate::timeline::load_seconds;

/// A run and its baseline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BaselineReport {
    /// Report of the baseline, the run without faults.
    pub baseline: Report,
    /// Report of the run with faults.
    pub experiment: Report,
    /// Comparisons during each fault, and after it.
    pub differences: Vec<BaselineComparison>,
}

/// Comparison of a run with its baseline in one period of time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BaselineComparison {
    /// Name of the period: `during kill rabbitmq`, `after kill rabbitmq`.
    pub when: String,
    /// Start of the period, in seconds after the start of the load.
    pub from_s: u64,
    /// End of the period, in seconds after the start of the load.
    pub until_s: u64,
    /// Comparisons of each measure of each path; the first value is that of the baseline.
    pub comparisons: Vec<Comparison>,
}

impl BaselineReport {
    /// Creates the report from two reports and the operations of both.
    #[must_use]
    pub fn new(baseline: (Report, &[Operation]), experiment: (Report, &[Operation])) -> Self {
        let without = load_seconds(baseline.1);
        let with = load_seconds(experiment.1);
        // Of both, since the load with faults may have been extended.
        let end = with.iter().chain(&without).map(|second| second.second + 1).max().unwrap_or(0);
        let faults = &experiment.0.faults;
        let differences = periods(faults, end)
            .into_iter()
            .map(|(when, from_s, until_s)| {
                let within = |seconds: &[Second]| -> Vec<Second> {
                    let inside = seconds.iter().filter(|second| (from_s..until_s).contains(&second.second));
                    inside.cloned().collect()
                };
                let comparisons = compare(&within(&without), &within(&with), experiment.0.seed);
                BaselineComparison { when, from_s, until_s, comparisons }
            })
            .collect();
        Self { baseline: baseline.0, experiment: experiment.0, differences }
    }

    /// Writes the significant differences as text, with a line break at its end.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        let mut text = String::new();
        let verdict = style.verdict(self.baseline.verdict);
        line(&mut text, &format!("baseline (the same run without faults): {verdict}: {}", self.baseline.why));
        for BaselineComparison { when, from_s, until_s, comparisons } in &self.differences {
            line(&mut text, "");
            line(&mut text, &format!("{} ({from_s}–{until_s} s)", style.bold(when)));
            let rows: Vec<Vec<String>> =
                comparisons.iter().filter(|comparison| comparison.differs).map(row).collect();
            if rows.is_empty() {
                line(&mut text, &format!("  {}", words::NO_DIFFERENCE));
                continue;
            }
            table(&mut text, &["path", "measure", "baseline", "with fault", "difference", ""], &rows, style);
        }
        line(&mut text, "");
        line(&mut text, &style.dim(words::ONLY_SIGNIFICANT));
        line(&mut text, &style.dim(&format!("folder of the baseline: {}", self.baseline.folder)));
        text
    }
}

/// Lists the periods of a run in whole seconds: each fault, and the time from its end to the next one or to the end.
pub(super) fn periods(faults: &[FaultFigures], end: u64) -> Vec<(String, u64, u64)> {
    let periods = |(number, fault): (usize, &FaultFigures)| {
        let next = faults.get(number + 1).map_or(end, |next| whole(next.from_ms));
        around(fault, next)
    };
    faults.iter().enumerate().flat_map(periods).collect()
}

fn around(fault: &FaultFigures, next: u64) -> Vec<(String, u64, u64)> {
    let from = whole(fault.from_ms);
    // Measures are kept by the second. A fault within one second still gets that second, and one that ends within a
    // second gets all of it.
    let to = fault.to_ms.map_or(next, |to| whole(to + 999)).max(from + 1);
    let mut list = vec![(format!("during {}", fault.what), from, to)];
    if to < next {
        list.push((format!("after {}", fault.what), to, next));
    }
    list
}

/// Converts milliseconds to whole seconds.
fn whole(ms: i64) -> u64 {
    u64::try_from(ms / 1000).unwrap_or(0)
}
