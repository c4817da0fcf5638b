//! The result of a load: for a terminal, and for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::style::Style;
use super::table::{line, table};
use super::words;
use crate::measure::self_check::SelfCheckResult;
use crate::measure::{LatencyQuantiles, LoadFigures, LoadResult, PhaseResult};

/// Result of a load, for programs and people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoadReport {
    /// Folder of the load.
    pub folder: String,
    /// Description of the target.
    pub aimed_at: String,
    /// Seed of the arrivals.
    pub seed: u64,
    /// Reasons to doubt the figures.
    pub doubts: Vec<String>,
    /// Threshold that ended the load early; none if it ran to its end.
    pub aborted: Option<String>,
    /// Interruption by a person or a signal.
    pub interrupted: bool,
    /// CPU time of the generator for each operation, in microseconds.
    pub generator_cpu_us: Option<f64>,
    /// Figures of each stage.
    pub phases: Vec<PhaseReport>,
    /// Figures of the whole load, by path.
    pub whole: BTreeMap<String, LoadFigures>,
}

/// Figures of one stage of a load.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseReport {
    /// Start, in seconds after the start of the load.
    pub from_s: f64,
    /// End, in seconds after the start of the load.
    pub until_s: f64,
    /// Figures by path.
    pub paths: BTreeMap<String, LoadFigures>,
}

impl LoadReport {
    /// Creates the report of a result and its folder.
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

    /// Writes the report as text, with a line break at its end.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        let mut text = String::new();
        for phase in &self.phases {
            let title = format!("{}–{} s", phase.from_s, phase.until_s);
            paths(&mut text, &style.bold(&title), &phase.paths, style);
        }
        // One stage is the whole load already.
        if self.phases.len() > 1 {
            paths(&mut text, &style.bold("total"), &self.whole, style);
        }
        self.generator(&mut text);
        for (label, reason) in [("aborted", &self.aborted), ("interrupted", &self.interruption())] {
            if let Some(reason) = reason {
                line(&mut text, &format!("{}: {reason}", style.bold(label)));
            }
        }
        for doubt in &self.doubts {
            line(&mut text, &format!("{}: {doubt}", style.bold("doubtful")));
        }
        line(&mut text, &style.dim(&format!("{}  {}", words::RUN_FOLDER, self.folder)));
        text
    }

    fn interruption(&self) -> Option<String> {
        self.interrupted.then(|| "the figures end at the interruption".to_owned())
    }

    fn generator(&self, text: &mut String) {
        // Latencies are the system's only if the generator was in time, so its lateness stands below them.
        let late = self.whole.values().map(|figures| figures.lateness);
        let worst = late.clone().map(|late| late.max).fold(0.0, f64::max);
        let share = late.map(|late| late.share).fold(0.0, f64::max);
        let cpu =
            self.generator_cpu_us.map_or_else(String::new, |us| format!(", {us:.0} µs of CPU per operation"));
        line(
            text,
            &format!(
                "generator: {:.3} % sent more than 10 ms late, lateness at most {worst:.1} ms{cpu}",
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
        "service p99",
    ];
    let row = |(name, figures): (&String, &LoadFigures)| {
        let cell = |quantiles: Option<LatencyQuantiles>, get: fn(LatencyQuantiles) -> f64| {
            quantiles.map_or_else(|| "-".to_owned(), |quantiles| format!("{:.2}", get(quantiles)))
        };
        let due = |get| cell(figures.from_due, get);
        let mut row = vec![name.clone()];
        row.extend([figures.offered_per_s, figures.ok_per_s].map(|rate| format!("{rate:.1}")));
        row.extend([figures.ok, figures.fail, figures.info, figures.dropped].map(|count| count.to_string()));
        row.extend([due(|q| q.p50), due(|q| q.p90), due(|q| q.p99), due(|q| q.p999), due(|q| q.max)]);
        row.push(cell(figures.from_sent, |q| q.p99));
        row
    };
    line(text, title);
    table(text, &head, &paths.iter().map(row).collect::<Vec<_>>(), style);
    line(text, "");
}

/// Writes the result of a self-check of the generator as text.
#[must_use]
pub fn self_check(all: &[SelfCheckResult], style: Style) -> String {
    let head = ["rate/s", "sent", "late %", "max late ms", "p50 ms", "p99 ms", "CPU µs", "holds"];
    let row = |checked: &SelfCheckResult| {
        let SelfCheckResult { rate, sent, late, latest_ms, p50_ms, p99_ms, cpu_us, holds } = checked;
        let mut row = vec![rate.to_string(), sent.to_string(), format!("{:.3}", late * 100.0)];
        row.extend([latest_ms, p50_ms, p99_ms].map(|ms| format!("{ms:.2}")));
        row.extend([format!("{cpu_us:.0}"), if *holds { "yes" } else { "no" }.to_owned()]);
        row
    };
    let mut text = String::new();
    table(&mut text, &head, &all.iter().map(row).collect::<Vec<_>>(), style);
    let highest = all.iter().rev().find(|checked| checked.holds);
    let conclusion = highest.map_or_else(
        || "the generator holds no rate: this machine is too busy".to_owned(),
        |highest| format!("the generator holds up to {}/s on this machine", highest.rate),
    );
    line(&mut text, &conclusion);
    text
}
