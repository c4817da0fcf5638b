//! Two runs side by side: verdicts, checks, counts of entries, times of their faults, and every measure with an interval
//! that separates differences from noise.

use std::collections::BTreeSet;
use std::fmt::Display;

use serde::Serialize;

use super::baseline::periods;
use super::compare::{Conditions, differences, row};
use super::details::Details;
use super::model::Report;
use super::style::Style;
use super::table::{EntryCount, entries, line, table};
use super::words;
use crate::checker::{FaultFigures, Verdict};
use crate::measure::Second;
use crate::measure::compare::{Comparison, compare};

/// Comparison of two runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunsReport {
    /// Summary of the first run.
    pub first: RunSummary,
    /// Summary of the second run.
    pub second: RunSummary,
    /// Conditions that differ between the two runs.
    pub warnings: Vec<String>,
    /// Values that a run has once, where they differ.
    pub changes: Vec<ValueChange>,
    /// Comparisons of the whole run, and of the time during and after each fault that both runs have.
    pub stretches: Vec<PeriodComparison>,
}

/// Verdict of one of the runs, and the keys to repeat it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunSummary {
    /// Id of the run.
    pub run: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Seed of the run.
    pub seed: u64,
    /// Verdict of the run.
    pub verdict: Verdict,
    /// Reason of the verdict.
    pub why: String,
}

/// Value that each run has once, such as a verdict or a count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ValueChange {
    /// Name of the value.
    pub what: String,
    /// Value of the first run.
    pub first: String,
    /// Value of the second run.
    pub second: String,
}

/// Comparison of two runs in one period of time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PeriodComparison {
    /// Name of the period: `whole run`, `during kill rabbitmq`, `after kill rabbitmq`.
    pub when: String,
    /// Comparisons of each measure of each path that both runs have.
    pub comparisons: Vec<Comparison>,
}

/// Report of a run and the seconds behind it.
type JudgedRun<'a> = (&'a Report, &'a Details);

impl RunsReport {
    /// Creates the report from two runs.
    #[must_use]
    pub fn new(first: JudgedRun<'_>, second: JudgedRun<'_>) -> Self {
        Self {
            first: RunSummary::of(first.0),
            second: RunSummary::of(second.0),
            warnings: differences(&Conditions::of_run(&first.1.run), &Conditions::of_run(&second.1.run)),
            changes: changes(first.0, second.0),
            stretches: compare_periods(first, second),
        }
    }

    /// Writes the report as text, with a line break at its end.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        let mut text = String::new();
        for side in [&self.first, &self.second] {
            let RunSummary { run, scenario, seed, verdict, why } = side;
            let verdict = style.verdict(*verdict);
            line(&mut text, &format!("{} ({scenario}, seed {seed}): {verdict}: {why}", style.bold(run)));
        }
        for warning in &self.warnings {
            line(&mut text, &format!("{} {warning}", style.bold(words::WARNING)));
        }
        line(&mut text, "");
        let names = (self.first.run.as_str(), self.second.run.as_str());
        let rows: Vec<Vec<String>> = self.changes.iter().map(ValueChange::row).collect();
        if rows.is_empty() {
            line(&mut text, "no difference in verdicts, checks, entries and times of faults");
        } else {
            table(&mut text, &["value", names.0, names.1], &rows, style);
        }
        for PeriodComparison { when, comparisons } in &self.stretches {
            line(&mut text, "");
            line(&mut text, &style.bold(when));
            let rows: Vec<Vec<String>> =
                comparisons.iter().filter(|comparison| comparison.differs).map(row).collect();
            if rows.is_empty() {
                line(&mut text, &format!("  {}", words::NO_DIFFERENCE));
            } else {
                table(&mut text, &["path", "measure", names.0, names.1, "difference", ""], &rows, style);
            }
        }
        line(&mut text, "");
        line(&mut text, &style.dim(&format!("{}; single values have no interval", words::ONLY_SIGNIFICANT)));
        text
    }
}

impl RunSummary {
    fn of(report: &Report) -> Self {
        Self {
            run: report.run.clone(),
            scenario: report.scenario.clone(),
            seed: report.seed,
            verdict: report.verdict,
            why: report.why.clone(),
        }
    }
}

impl ValueChange {
    /// Returns none where both values are the same.
    fn between(what: impl Into<String>, first: impl Display, second: impl Display) -> Option<Self> {
        let (first, second) = (first.to_string(), second.to_string());
        (first != second).then(|| Self { what: what.into(), first, second })
    }

    fn row(&self) -> Vec<String> {
        vec![self.what.clone(), self.first.clone(), self.second.clone()]
    }
}

fn changes(first: &Report, second: &Report) -> Vec<ValueChange> {
    let mut list = Vec::new();
    list.extend(ValueChange::between("verdict", first.verdict, second.verdict));
    for check in &first.checks {
        let other = second.checks.iter().find(|other| other.name == check.name);
        let verdict = other.map_or("missing", |other| other.verdict.name());
        list.extend(ValueChange::between(format!("check {}", check.name), check.verdict, verdict));
    }
    for (path, figures) in &first.paths {
        let Some(other) = second.paths.get(path) else { continue };
        for (what, get) in COUNTS {
            list.extend(ValueChange::between(
                format!("{path}: {what}"),
                entries(figures, get),
                entries(other, get),
            ));
        }
    }
    for (fault, other) in common_faults(first, second) {
        let what = &fault.what;
        list.extend(ValueChange::between(
            format!("{what}: time to detect (ms)"),
            count(fault.detect_ms),
            count(other.detect_ms),
        ));
        list.extend(ValueChange::between(
            format!("{what}: time to recover (ms)"),
            count(fault.ready_ms),
            count(other.ready_ms),
        ));
        for (path, after) in &fault.recover_ms {
            let other = other.recover_ms.get(path).copied().flatten();
            list.extend(ValueChange::between(
                format!("{what}: {path} recovered (ms)"),
                count(*after),
                count(other),
            ));
        }
    }
    list.extend(ValueChange::between("drained (ms)", count(first.drain_ms), count(second.drain_ms)));
    list
}

/// Counts of a path's entries, by name.
const COUNTS: [(&str, EntryCount); 4] = [
    ("lost", |path| path.lost),
    ("duplicated", |path| path.duplicated),
    ("unexpected", |path| path.unexpected),
    ("corrupted", |path| path.corrupted),
];

fn count(count: Option<u64>) -> String {
    count.map_or_else(|| "-".to_owned(), |count| count.to_string())
}

/// Pairs the faults that both runs have.
fn common_faults<'a>(
    first: &'a Report,
    second: &'a Report,
) -> impl Iterator<Item = (&'a FaultFigures, &'a FaultFigures)> {
    first.faults.iter().zip(&second.faults).filter(|(fault, other)| fault.what == other.what)
}

fn compare_periods(first: JudgedRun<'_>, second: JudgedRun<'_>) -> Vec<PeriodComparison> {
    // The seed fixes the resampling, so a comparison that is repeated gives the same intervals.
    let seed = first.0.seed;
    let comparison = |when: &str, a: &[Second], b: &[Second]| PeriodComparison {
        when: when.to_owned(),
        comparisons: compare(a, b, seed),
    };
    let mut list = vec![comparison("whole run", &first.1.seconds, &second.1.seconds)];
    let both: BTreeSet<&str> =
        common_faults(first.0, second.0).map(|(fault, _)| fault.what.as_str()).collect();
    let windows = |(report, details): JudgedRun<'_>| {
        let end = details.seconds.iter().map(|second| second.second + 1).max().unwrap_or(0);
        periods(&report.faults, end)
    };
    let others = windows(second);
    for (when, from, until) in windows(first) {
        let other = others.iter().find(|(other, ..)| *other == when);
        // A fault that only one run had leaves nothing to compare with.
        let is_of_both = both.iter().any(|what| when.ends_with(what));
        let (Some((_, other_from, other_until)), true) = (other, is_of_both) else { continue };
        let within = |seconds: &[Second], from: u64, until: u64| -> Vec<Second> {
            seconds.iter().filter(|second| (from..until).contains(&second.second)).cloned().collect()
        };
        let a = within(&first.1.seconds, from, until);
        let b = within(&second.1.seconds, *other_from, *other_until);
        list.push(comparison(&when, &a, &b));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_difference_is_a_change() {
        assert_eq!(ValueChange::between("x", 1, 1), None);
        let change = ValueChange::between("x", count(None), count(Some(2))).unwrap();
        assert_eq!(change.row(), ["x", "-", "2"]);
    }
}
