//! Two loads side by side: for a terminal, and for programs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::style::Style;
use super::table::{line, table};
use crate::history::RunInfo;
use crate::measure::LoadResult;
use crate::measure::compare::{Comparison, Estimate};
use crate::scenario::ArrivalStream;

/// Two loads side by side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CompareReport {
    /// The first run.
    pub first: String,
    /// The second.
    pub second: String,
    /// What else differs than what was measured.
    pub warnings: Vec<String>,
    /// Each measure of each path that both have.
    pub comparisons: Vec<Comparison>,
}

impl CompareReport {
    /// Of two results and what was made of their seconds.
    #[must_use]
    pub fn new(first: &LoadResult, second: &LoadResult, comparisons: Vec<Comparison>) -> Self {
        Self {
            first: first.run.clone(),
            second: second.run.clone(),
            warnings: warnings(first, second),
            comparisons,
        }
    }

    /// As text, with a line break at its end.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        let mut text = String::new();
        for warning in &self.warnings {
            line(&mut text, &format!("{} {warning}", style.bold("not alike:")));
        }
        let head = ["path", "measure", &self.first, &self.second, "difference", ""];
        let rows: Vec<Vec<String>> = self.comparisons.iter().map(row).collect();
        table(&mut text, &head, &rows, style);
        line(&mut text, &style.dim("intervals of 95 %; where none is marked, chance may be the reason"));
        text
    }
}

/// One comparison as cells.
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

/// How a result was made.
pub(super) struct Made<'a> {
    environment: &'a BTreeMap<String, String>,
    faultline: &'a str,
    streams: &'a [ArrivalStream],
}

impl<'a> Made<'a> {
    /// A run.
    pub(super) fn of(run: &'a RunInfo) -> Self {
        Self { environment: &run.environment, faultline: &run.faultline, streams: &run.schedule.streams }
    }
}

impl<'a> From<&'a LoadResult> for Made<'a> {
    fn from(load: &'a LoadResult) -> Self {
        Self { environment: &load.environment, faultline: &load.faultline, streams: &load.schedule.streams }
    }
}

fn warnings(first: &LoadResult, second: &LoadResult) -> Vec<String> {
    let mut list = unlike(&first.into(), &second.into());
    for result in [first, second] {
        list.extend(result.doubts().into_iter().map(|doubt| format!("{}: {doubt}", result.run)));
    }
    list
}

/// What else differs than what was measured.
pub(super) fn unlike(first: &Made<'_>, second: &Made<'_>) -> Vec<String> {
    let mut list = Vec::new();
    let names: BTreeSet<&String> = first.environment.keys().chain(second.environment.keys()).collect();
    for name in names {
        let of = |made: &Made<'_>| made.environment.get(name).map_or("unknown", String::as_str).to_owned();
        let (a, b) = (of(first), of(second));
        if a != b {
            list.push(format!("{name} is {a} and {b}: take the ratio, not the values"));
        }
    }
    if first.faultline != second.faultline {
        list.push(format!("faultline {} and {}", first.faultline, second.faultline));
    }
    if first.streams != second.streams {
        list.push("their arrivals differ".to_owned());
    }
    list
}
