//! Two runs side by side: verdicts, what their checks and stores say, the times of their faults, and every measure with
//! an interval that tells what of its difference may be chance.

use std::collections::BTreeSet;
use std::fmt::Display;

use serde::Serialize;

use super::compare::{Made, row, unlike};
use super::control::stretches;
use super::details::Details;
use super::model::Report;
use super::style::Style;
use super::table::{entries, line, table};
use crate::checker::{FaultFigures, PathFigures, Verdict};
use crate::measure::Second;
use crate::measure::compare::{Comparison, compare};

/// Two runs side by side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunsReport {
    /// The first run.
    pub first: Side,
    /// The second.
    pub second: Side,
    /// What else differs than what was seen.
    pub warnings: Vec<String>,
    /// What each run says once, where they say different things.
    pub changes: Vec<Change>,
    /// The measures of the whole run, and of the time during and after each fault that both have.
    pub stretches: Vec<Stretch>,
}

/// One of the runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Side {
    /// Its id.
    pub run: String,
    /// Its scenario.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
    /// Its verdict.
    pub verdict: Verdict,
    /// Why.
    pub why: String,
}

/// Something that each run says once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What.
    pub what: String,
    /// What the first says.
    pub first: String,
    /// What the second says.
    pub second: String,
}

/// The measures of a stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stretch {
    /// Which: `all of it`, `during kill rabbitmq`, `after kill rabbitmq`.
    pub when: String,
    /// Each measure of each path that both have.
    pub comparisons: Vec<Comparison>,
}

/// A run as it is compared.
type Run<'a> = (&'a Report, &'a Details);

impl RunsReport {
    /// Of two runs.
    #[must_use]
    pub fn new(first: Run<'_>, second: Run<'_>) -> Self {
        Self {
            first: Side::of(first.0),
            second: Side::of(second.0),
            warnings: unlike(&Made::of(&first.1.run), &Made::of(&second.1.run)),
            changes: changes(first.0, second.0),
            stretches: all_stretches(first, second),
        }
    }

    /// As text, with a line break at its end.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        let mut text = String::new();
        for side in [&self.first, &self.second] {
            let Side { run, scenario, seed, verdict, why } = side;
            let verdict = style.verdict(*verdict);
            line(&mut text, &format!("{} ({scenario}, seed {seed}): {verdict}: {why}", style.bold(run)));
        }
        for warning in &self.warnings {
            line(&mut text, &format!("{} {warning}", style.bold("not alike:")));
        }
        line(&mut text, "");
        let names = (self.first.run.as_str(), self.second.run.as_str());
        let rows: Vec<Vec<String>> = self.changes.iter().map(Change::row).collect();
        if rows.is_empty() {
            line(&mut text, "verdicts, checks, stores and times of faults say the same");
        } else {
            table(&mut text, &["what", names.0, names.1], &rows, style);
        }
        for Stretch { when, comparisons } in &self.stretches {
            line(&mut text, "");
            line(&mut text, &style.bold(when));
            let rows: Vec<Vec<String>> =
                comparisons.iter().filter(|comparison| comparison.differs).map(row).collect();
            if rows.is_empty() {
                line(&mut text, "  nothing that chance alone could not do");
            } else {
                table(&mut text, &["path", "measure", names.0, names.1, "difference", ""], &rows, style);
            }
        }
        line(&mut text, "");
        let told = "intervals of 95 %; measures that are not listed do not differ beyond them; what a run says once has none";
        line(&mut text, &style.dim(told));
        text
    }
}

impl Side {
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

impl Change {
    /// None where both say the same.
    fn of(what: impl Into<String>, first: impl Display, second: impl Display) -> Option<Self> {
        let (first, second) = (first.to_string(), second.to_string());
        (first != second).then(|| Self { what: what.into(), first, second })
    }

    fn row(&self) -> Vec<String> {
        vec![self.what.clone(), self.first.clone(), self.second.clone()]
    }
}

fn changes(first: &Report, second: &Report) -> Vec<Change> {
    let mut list = Vec::new();
    list.extend(Change::of("verdict", first.verdict, second.verdict));
    for check in &first.checks {
        let other = second.checks.iter().find(|other| other.name == check.name);
        let told = other.map_or("not asked", |other| other.verdict.name());
        list.extend(Change::of(format!("check {}", check.name), check.verdict, told));
    }
    for (path, figures) in &first.paths {
        let Some(other) = second.paths.get(path) else { continue };
        for (what, get) in COUNTS {
            list.extend(Change::of(format!("{path}: {what}"), entries(figures, get), entries(other, get)));
        }
    }
    for (fault, other) in alike(first, second) {
        let what = &fault.what;
        list.extend(Change::of(
            format!("{what}: first sign, ms"),
            count(fault.detect_ms),
            count(other.detect_ms),
        ));
        list.extend(Change::of(
            format!("{what}: all ready, ms"),
            count(fault.ready_ms),
            count(other.ready_ms),
        ));
        for (path, after) in &fault.recover_ms {
            let other = other.recover_ms.get(path).copied().flatten();
            list.extend(Change::of(format!("{what}: {path} works again, ms"), count(*after), count(other)));
        }
    }
    list.extend(Change::of("drained, ms", count(first.drain_ms), count(second.drain_ms)));
    list
}

/// What is counted of a path: its name, and its count.
type Counted = (&'static str, fn(&PathFigures) -> Option<u64>);

const COUNTS: [Counted; 4] = [
    ("lost", |path| path.lost),
    ("duplicated", |path| path.duplicated),
    ("unexpected", |path| path.unexpected),
    ("altered", |path| path.altered),
];

fn count(count: Option<u64>) -> String {
    count.map_or_else(|| "-".to_owned(), |count| count.to_string())
}

/// The faults that both have, one beside the other.
fn alike<'a>(
    first: &'a Report,
    second: &'a Report,
) -> impl Iterator<Item = (&'a FaultFigures, &'a FaultFigures)> {
    first.faults.iter().zip(&second.faults).filter(|(fault, other)| fault.what == other.what)
}

fn all_stretches(first: Run<'_>, second: Run<'_>) -> Vec<Stretch> {
    let seed = first.0.seed;
    let of = |when: &str, a: &[Second], b: &[Second]| Stretch {
        when: when.to_owned(),
        comparisons: compare(a, b, seed),
    };
    let mut list = vec![of("all of it", &first.1.seconds, &second.1.seconds)];
    let both: BTreeSet<&str> = alike(first.0, second.0).map(|(fault, _)| fault.what.as_str()).collect();
    let windows = |(report, details): Run<'_>| {
        let end = details.seconds.iter().map(|second| second.second + 1).max().unwrap_or(0);
        stretches(&report.faults, end)
    };
    let others = windows(second);
    for (when, from, until) in windows(first) {
        let other = others.iter().find(|(other, ..)| *other == when);
        let is_of_both = both.iter().any(|what| when.ends_with(what));
        let (Some((_, other_from, other_until)), true) = (other, is_of_both) else { continue };
        let within = |seconds: &[Second], from: u64, until: u64| -> Vec<Second> {
            seconds.iter().filter(|second| (from..until).contains(&second.second)).cloned().collect()
        };
        let a = within(&first.1.seconds, from, until);
        let b = within(&second.1.seconds, *other_from, *other_until);
        list.push(of(&when, &a, &b));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_a_change() {
        assert_eq!(Change::of("x", 1, 1), None);
        let change = Change::of("x", count(None), count(Some(2))).unwrap();
        assert_eq!(change.row(), ["x", "-", "2"]);
    }
}
