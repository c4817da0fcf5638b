//! Two loads side by side: for a terminal, and for programs.
//!
//! Differences have intervals, since the seconds of a run on a shared machine scatter: a bare ratio would show noise.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::style::Style;
use super::table::{line, table};
use super::words;
use crate::history::RunInfo;
use crate::measure::LoadResult;
use crate::measure::compare::{Comparison, Estimate};
use crate::scenario::ArrivalStream;

/// Comparison of two loads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CompareReport {
    /// Id of the first load.
    pub first: String,
    /// Id of the second load.
    pub second: String,
    /// Conditions that differ between the two, and reasons to doubt either.
    pub warnings: Vec<String>,
    /// Comparisons of each measure of each path that both have.
    pub comparisons: Vec<Comparison>,
}

impl CompareReport {
    /// Creates the report from two results and the comparisons of their seconds.
    #[must_use]
    pub fn new(first: &LoadResult, second: &LoadResult, comparisons: Vec<Comparison>) -> Self {
        Self {
            first: first.run.clone(),
            second: second.run.clone(),
            warnings: warnings(first, second),
            comparisons,
        }
    }

    /// Writes the report as text, with a line break at its end.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        let mut text = String::new();
        for warning in &self.warnings {
            line(&mut text, &format!("{} {warning}", style.bold(words::WARNING)));
        }
        let head = ["path", "measure", &self.first, &self.second, "difference", ""];
        let rows: Vec<Vec<String>> = self.comparisons.iter().map(row).collect();
        table(&mut text, &head, &rows, style);
        line(
            &mut text,
            &style.dim("95 % confidence intervals; a difference that is not marked may be chance"),
        );
        text
    }
}

/// Lists the cells of a comparison.
pub(super) fn row(comparison: &Comparison) -> Vec<String> {
    let Comparison { path, measure, first, second, difference, differs } = comparison;
    let mut row = vec![path.clone(), (*measure).to_owned()];
    row.extend([first, second, difference].map(estimate));
    row.push(if *differs { "differs" } else { "" }.to_owned());
    row
}

fn estimate(estimate: &Estimate) -> String {
    match (estimate.value, estimate.low, estimate.high) {
        (Some(value), Some(low), Some(high)) => format!("{value:.2} [{low:.2}, {high:.2}]"),
        (Some(value), ..) => format!("{value:.2}"),
        _ => "-".to_owned(),
    }
}

/// Conditions of a run or load besides the system: machine, program, arrivals.
pub(super) struct Conditions<'a> {
    environment: &'a BTreeMap<String, String>,
    faultline: &'a str,
    streams: &'a [ArrivalStream],
}

impl<'a> Conditions<'a> {
    /// Returns the conditions of a run.
    pub(super) fn of_run(run: &'a RunInfo) -> Self {
        Self { environment: &run.environment, faultline: &run.faultline, streams: &run.schedule.streams }
    }
}

impl<'a> From<&'a LoadResult> for Conditions<'a> {
    fn from(load: &'a LoadResult) -> Self {
        Self { environment: &load.environment, faultline: &load.faultline, streams: &load.schedule.streams }
    }
}

fn warnings(first: &LoadResult, second: &LoadResult) -> Vec<String> {
    let mut list = differences(&first.into(), &second.into());
    for result in [first, second] {
        list.extend(result.doubts().into_iter().map(|doubt| format!("{}: {doubt}", result.run)));
    }
    list
}

/// Lists the conditions that differ.
pub(super) fn differences(first: &Conditions<'_>, second: &Conditions<'_>) -> Vec<String> {
    // Machines differ, and one machine differs from hour to hour: without these warnings a slower machine would
    // pass for a slower system.
    let mut list = Vec::new();
    let names: BTreeSet<&String> = first.environment.keys().chain(second.environment.keys()).collect();
    for name in names {
        let value = |conditions: &Conditions<'_>| {
            conditions.environment.get(name).map_or("unknown", String::as_str).to_owned()
        };
        let (a, b) = (value(first), value(second));
        if a != b {
            list.push(format!("{name}: {a} and {b}; compare ratios, not absolute values"));
        }
    }
    if first.faultline != second.faultline {
        list.push(format!("version of faultline: {} and {}", first.faultline, second.faultline));
    }
    if first.streams != second.streams {
        list.push("arrivals: the two have different arrival rates or durations".to_owned());
    }
    list
}
