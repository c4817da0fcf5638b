//! What a fault did, told from noise: a run beside one of the same seed and load without the faults.

use serde::Serialize;

use super::compare::row;
use super::model::Report;
use super::style::Style;
use super::table::{line, table};
use crate::checker::FaultFigures;
use crate::measure::compare::{Comparison, compare};
use crate::measure::{Second, history};
use crate::timeline::Operation;

/// A run and its control.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ControlReport {
    /// The run without faults.
    pub control: Report,
    /// The run with them.
    pub experiment: Report,
    /// What differs while each fault was, and after.
    pub differences: Vec<Difference>,
}

/// What differs in one stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Which: `during kill rabbitmq`, `after kill rabbitmq`.
    pub when: String,
    /// From here, in seconds after the start of the load.
    pub from_s: u64,
    /// Until here.
    pub until_s: u64,
    /// Each measure of each path; the first is the control.
    pub comparisons: Vec<Comparison>,
}

impl ControlReport {
    /// Of two reports and the operations of both.
    #[must_use]
    pub fn new(control: (Report, &[Operation]), experiment: (Report, &[Operation])) -> Self {
        let without = history::seconds(control.1);
        let with = history::seconds(experiment.1);
        let end = with.iter().chain(&without).map(|second| second.second + 1).max().unwrap_or(0);
        let faults = &experiment.0.faults;
        let differences = stretches(faults, end)
            .into_iter()
            .map(|(when, from_s, until_s)| {
                let within = |seconds: &[Second]| -> Vec<Second> {
                    let inside = seconds.iter().filter(|second| (from_s..until_s).contains(&second.second));
                    inside.cloned().collect()
                };
                let comparisons = compare(&within(&without), &within(&with), experiment.0.seed);
                Difference { when, from_s, until_s, comparisons }
            })
            .collect();
        Self { control: control.0, experiment: experiment.0, differences }
    }

    /// What differs, as text, with a line break at its end; what chance may have done is left out.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        let mut text = String::new();
        let verdict = style.verdict(self.control.verdict);
        line(&mut text, &format!("control (the same without faults): {verdict}: {}", self.control.why));
        for Difference { when, from_s, until_s, comparisons } in &self.differences {
            line(&mut text, "");
            line(&mut text, &format!("{} ({from_s} s to {until_s} s)", style.bold(when)));
            let rows: Vec<Vec<String>> =
                comparisons.iter().filter(|comparison| comparison.differs).map(row).collect();
            if rows.is_empty() {
                line(&mut text, "  nothing that chance alone could not do");
                continue;
            }
            table(&mut text, &["path", "measure", "control", "with fault", "difference", ""], &rows, style);
        }
        line(&mut text, "");
        line(
            &mut text,
            &style.dim("intervals of 95 %; measures that are not listed do not differ beyond them"),
        );
        line(&mut text, &style.dim(&format!("folder of the control: {}", self.control.folder)));
        text
    }
}

/// The whole seconds of each fault, and those from its end to the next, or to the end.
pub(super) fn stretches(faults: &[FaultFigures], end: u64) -> Vec<(String, u64, u64)> {
    let of = |(number, fault): (usize, &FaultFigures)| {
        let next = faults.get(number + 1).map_or(end, |next| whole(next.from_ms));
        around(fault, next)
    };
    faults.iter().enumerate().flat_map(of).collect()
}

fn around(fault: &FaultFigures, next: u64) -> Vec<(String, u64, u64)> {
    let from = whole(fault.from_ms);
    let to = fault.to_ms.map_or(next, |to| whole(to + 999)).max(from + 1);
    let mut list = vec![(format!("during {}", fault.what), from, to)];
    if to < next {
        list.push((format!("after {}", fault.what), to, next));
    }
    list
}

/// Whole seconds of milliseconds.
fn whole(ms: i64) -> u64 {
    u64::try_from(ms / 1000).unwrap_or(0)
}
