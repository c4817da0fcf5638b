//! The result of a load: for a terminal, and for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::style::Style;
use super::table::{line, table};
use crate::measure::self_check::SelfCheckResult;
use crate::measure::{LatencyQuantiles, LoadFigures, LoadResult, PhaseResult};

/// A result in numbers, for programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoadReport {
    /// The folder of the run.
    pub folder: String,
    /// What was loaded.
    pub aimed_at: String,
    /// The seed of the arrivals.
    pub seed: u64,
    /// Why the figures are to be doubted.
    pub doubts: Vec<String>,
    /// The threshold that ended it before its time.
    pub aborted: Option<String>,
    /// Whether it was interrupted.
    pub interrupted: bool,
    /// CPU time of the generator for each operation, in microseconds.
    pub generator_cpu_us: Option<f64>,
    /// Phase by phase.
    pub phases: Vec<PhaseReport>,
    /// All phases as one, by path.
    pub whole: BTreeMap<String, LoadFigures>,
}

/// A phase in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseReport {
    /// When it began, in seconds.
    pub from_s: f64,
    /// When it ended.
    pub until_s: f64,
    /// By path.
    pub paths: BTreeMap<String, LoadFigures>,
}

impl LoadReport {
    /// Of the result in a folder.
    #[must_use]
    pub fn new(folder: &str, result: &LoadResult) -> Self {
        let seconds = |micros: u64| micros as f64 / 1e6;
        let phase = |phase: &PhaseResult| PhaseReport {
            from_s: seconds(phase.from.micros()),
            until_s: seconds(phase.until.micros()),
            paths: phase.figures(result.took),
        };
        Self {
            folder: folder.to_owned(),
            aimed_at: result.aimed_at.clone(),
            seed: result.schedule.seed,
            doubts: result.doubts(),
            aborted: result.aborted.clone(),
            interrupted: result.interrupted,
            generator_cpu_us: result.cpu_each(),
            phases: result.phases.iter().map(phase).collect(),
            whole: result.whole().figures(result.took),
        }
    }

    /// As text, with a line break at its end.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        let mut text = String::new();
        for phase in &self.phases {
            let title = format!("{} s to {} s", phase.from_s, phase.until_s);
            paths(&mut text, &style.bold(&title), &phase.paths, style);
        }
        if self.phases.len() > 1 {
            paths(&mut text, &style.bold("all of it"), &self.whole, style);
        }
        self.generator(&mut text);
        for (what, told) in [("aborted", &self.aborted), ("interrupted", &self.cut_short())] {
            if let Some(told) = told {
                line(&mut text, &format!("{}: {told}", style.bold(what)));
            }
        }
        for doubt in &self.doubts {
            line(&mut text, &format!("{}: {doubt}", style.bold("doubtful")));
        }
        line(&mut text, &style.dim(&format!("run folder: {}", self.folder)));
        text
    }

    fn cut_short(&self) -> Option<String> {
        self.interrupted.then(|| "these are the figures until then".to_owned())
    }

    fn generator(&self, text: &mut String) {
        let late = self.whole.values().map(|figures| figures.lateness);
        let worst = late.clone().map(|late| late.max).fold(0.0, f64::max);
        let share = late.map(|late| late.share).fold(0.0, f64::max);
        let cpu =
            self.generator_cpu_us.map_or_else(String::new, |us| format!(", {us:.0} us of CPU for each"));
        line(
            text,
            &format!(
                "generator: {:.3} % sent late (over 10 ms), the latest {worst:.1} ms{cpu}",
                share * 100.0
            ),
        );
    }
}

fn paths(text: &mut String, title: &str, paths: &BTreeMap<String, LoadFigures>, style: Style) {
    let head = [
        "path",
        "offered/s",
        "ok/s",
        "ok",
        "fail",
        "info",
        "dropped",
        "p50 ms",
        "p90",
        "p99",
        "p99.9",
        "max",
        "p99 from sent",
    ];
    let row = |(name, figures): (&String, &LoadFigures)| {
        let of = |quantiles: Option<LatencyQuantiles>, get: fn(LatencyQuantiles) -> f64| {
            quantiles.map_or_else(|| "-".to_owned(), |quantiles| format!("{:.2}", get(quantiles)))
        };
        let due = |get| of(figures.from_due, get);
        let mut row = vec![name.clone()];
        row.extend([figures.offered_per_s, figures.ok_per_s].map(|rate| format!("{rate:.1}")));
        row.extend([figures.ok, figures.fail, figures.info, figures.dropped].map(|count| count.to_string()));
        row.extend([due(|q| q.p50), due(|q| q.p90), due(|q| q.p99), due(|q| q.p999), due(|q| q.max)]);
        row.push(of(figures.from_sent, |q| q.p99));
        row
    };
    line(text, title);
    table(text, &head, &paths.iter().map(row).collect::<Vec<_>>(), style);
    line(text, "");
}

/// What a self-check of the generator gave, as text.
#[must_use]
pub fn self_check(all: &[SelfCheckResult], style: Style) -> String {
    let head = ["rate/s", "sent", "late %", "latest ms", "p50 ms", "p99 ms", "CPU us", "held"];
    let row = |checked: &SelfCheckResult| {
        let SelfCheckResult { rate, sent, late, latest_ms, p50_ms, p99_ms, cpu_us, holds } = checked;
        let mut row = vec![rate.to_string(), sent.to_string(), format!("{:.3}", late * 100.0)];
        row.extend([latest_ms, p50_ms, p99_ms].map(|ms| format!("{ms:.2}")));
        row.extend([format!("{cpu_us:.0}"), if *holds { "yes" } else { "no" }.to_owned()]);
        row
    };
    let mut text = String::new();
    table(&mut text, &head, &all.iter().map(row).collect::<Vec<_>>(), style);
    let held = all.iter().rev().find(|checked| checked.holds);
    line(
        &mut text,
        &held.map_or_else(
            || "this machine is too busy even for the lowest rate".to_owned(),
            |held| {
                format!("loads of up to {}/s can be believed here, as far as the generator goes", held.rate)
            },
        ),
    );
    text
}
