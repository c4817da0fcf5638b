//! The report of a run; `report.json` is this, field by field.

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::checker::{Check, Coverage, EntryCounts, FaultFigures, Judgement, PathFigures, Verdict};
use crate::history::RunInfo;
use crate::scenario::Expectations;

/// The version of `report.json`.
pub const VERSION: u32 = 1;

/// The report of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// [`VERSION`].
    pub version: u32,
    /// The worst of the checks; `unknown` where something was not checked that should have been.
    pub verdict: Verdict,
    /// Why, in one sentence.
    pub why: String,
    /// The scenario.
    pub scenario: String,
    /// What it shows.
    pub shows: String,
    /// The seed that repeats it.
    pub seed: u64,
    /// The command that repeats it; empty for a run of an earlier lab.
    #[serde(default)]
    pub command: String,
    /// The run's id.
    pub run: String,
    /// Its folder.
    pub folder: String,
    /// When the load started: RFC 3339.
    pub started: String,
    /// How the stack ran.
    pub provider: String,
    /// Time from the command to a ready stack.
    pub ready_ms: u64,
    /// One for each question.
    pub checks: Vec<Check>,
    /// Figures of each path.
    pub paths: BTreeMap<String, PathFigures>,
    /// Figures of each fault.
    pub faults: Vec<FaultFigures>,
    /// Time from the end of load and faults until every acknowledged entry was stored.
    pub drain_ms: Option<u64>,
    /// What ran where.
    pub environment: BTreeMap<String, String>,
}

impl Report {
    /// Makes the report of a run and its judgement.
    #[must_use]
    pub fn new(folder: &Path, run: &RunInfo, judgement: Judgement) -> Self {
        Self {
            version: VERSION,
            verdict: judgement.verdict,
            why: why(&judgement, &run.schedule.expect),
            scenario: run.schedule.scenario.clone(),
            shows: run.schedule.shows.clone(),
            seed: run.schedule.seed,
            command: run.command.clone(),
            run: run.run.clone(),
            folder: folder.display().to_string(),
            started: run.started.clone(),
            provider: run.provider.clone(),
            ready_ms: run.ready_ms,
            checks: judgement.checks,
            paths: judgement.paths,
            faults: judgement.faults,
            drain_ms: judgement.drain_ms,
            environment: run.environment.clone(),
        }
    }
}

impl Report {
    /// The command that repeats the run, as far as it is known.
    #[must_use]
    pub fn repeat(&self) -> String {
        if self.command.is_empty() {
            return format!("faultline run scenarios/{}.toml --seed {}", self.scenario, self.seed);
        }
        self.command.clone()
    }
}

/// The first of the worst checks, or the numbers that a pass stands on.
fn why(judgement: &Judgement, expect: &Expectations<String>) -> String {
    if judgement.verdict == Verdict::Pass {
        return numbers(judgement, expect);
    }
    let worst = Verdict::worst(judgement.checks.iter().map(|check| check.verdict));
    let worst = judgement.checks.iter().find(|check| check.verdict == worst);
    worst.map_or_else(String::new, |check| format!("{}: {}", check.name, check.detail))
}

fn numbers(judgement: &Judgement, expect: &Expectations<String>) -> String {
    let sum = |get: fn(&PathFigures) -> u64| judgement.paths.values().map(get).sum::<u64>();
    let (ok, offered) = (sum(|path| path.tally.ok), sum(|path| path.tally.offered));
    let of = |coverage: Coverage| {
        let paths = judgement.paths.iter().filter(move |(_, path)| path.entries == coverage);
        paths.map(|(path, _)| path.as_str()).collect::<Vec<_>>()
    };
    let (checked, not_checked) = (of(Coverage::Checked), of(Coverage::NotChecked));
    let mut parts = vec![format!("{ok} of {offered} operations acknowledged")];
    if !checked.is_empty() {
        let EntryCounts { lost, duplicated, unexpected } = judgement.entries;
        parts.push(count(lost, "lost", expect.lost));
        parts.push(count(duplicated, "duplicated", expect.duplicated));
        if expect.unexpected > 0 {
            parts.push(count(unexpected, "unexpected", expect.unexpected));
        }
    }
    match (checked.as_slice(), not_checked.as_slice()) {
        ([], []) => parts.push("no path writes entries".to_owned()),
        (_, []) => {}
        _ => parts.push(format!("lost and duplicated not checked on {}", not_checked.join(", "))),
    }
    parts.join(", ")
}

/// A count, with what the scenario allows where it does.
fn count(count: u64, what: &str, allowed: u64) -> String {
    match allowed {
        0 => format!("{count} {what}"),
        _ => format!("{count} {what} ({allowed} allowed)"),
    }
}
