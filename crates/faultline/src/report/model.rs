//! The report of a run; `report.json` is this, field by field.

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::checker::{Check, Coverage, EntryCounts, FaultFigures, Judgement, PathFigures, Verdict};
use crate::history::RunInfo;
use crate::scenario::Expectations;

/// Version of the format of `report.json`: 2 since entries with other data than was sent are called `corrupted`.
pub const VERSION: u32 = 2;

/// Result of a run: verdict, checks and figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Version of this format: 2. In version 1 the check and the count `corrupted` had another name, which is still read.
    pub version: u32,
    /// Worst verdict of the checks; `unknown` where something was not checked that should have been.
    pub verdict: Verdict,
    /// Reason of the verdict, in one sentence.
    pub why: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Purpose of the scenario, in one sentence.
    pub shows: String,
    /// Seed that repeats the run.
    pub seed: u64,
    /// Command that repeats the run; empty for a run of an earlier version.
    #[serde(default)]
    pub command: String,
    /// Id of the run.
    pub run: String,
    /// Folder of the run.
    pub folder: String,
    /// Start of the load: RFC 3339.
    pub started: String,
    /// Provider that ran the nodes.
    pub provider: String,
    /// Time from the command until every node was ready, in milliseconds.
    pub ready_ms: u64,
    /// Checks, each with a verdict of its own.
    pub checks: Vec<Check>,
    /// Figures of each path.
    pub paths: BTreeMap<String, PathFigures>,
    /// Figures of each fault.
    pub faults: Vec<FaultFigures>,
    /// Time from the end of load and faults until every acknowledged entry was stored, in milliseconds; none if that did
    /// not happen or is unknown.
    pub drain_ms: Option<u64>,
    /// Machine, versions and programs of the run, by name.
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
    /// Returns the command that repeats the run, as far as it is known.
    #[must_use]
    pub fn repeat(&self) -> String {
        if self.command.is_empty() {
            // A guess for a run of an earlier version, whose history has no command.
            return format!("faultline run scenarios/{}.toml --seed {}", self.scenario, self.seed);
        }
        self.command.clone()
    }
}

/// Explains the verdict: the first of the worst checks, or the numbers that a pass rests on.
fn why(judgement: &Judgement, expect: &Expectations<String>) -> String {
    if judgement.verdict == Verdict::Pass {
        return numbers(judgement, expect);
    }
    let worst = Verdict::worst(judgement.checks.iter().map(|check| check.verdict));
    let worst = judgement.checks.iter().find(|check| check.verdict == worst);
    worst.map_or_else(String::new, |check| format!("{}: {}", check.name, check.detail))
}

fn numbers(judgement: &Judgement, expect: &Expectations<String>) -> String {
    // A pass names its numbers, or a pass over nothing would look like any other.
    let sum = |get: fn(&PathFigures) -> u64| judgement.paths.values().map(get).sum::<u64>();
    let (ok, offered) = (sum(|path| path.tally.ok), sum(|path| path.tally.offered));
    let paths_with = |coverage: Coverage| {
        let paths = judgement.paths.iter().filter(move |(_, path)| path.entries == coverage);
        paths.map(|(path, _)| path.as_str()).collect::<Vec<_>>()
    };
    let (checked, not_checked) = (paths_with(Coverage::Checked), paths_with(Coverage::NotChecked));
    let mut parts = vec![format!("{ok} of {offered} operations acknowledged")];
    if !checked.is_empty() {
        let EntryCounts { lost, duplicated, unexpected, corrupted } = judgement.entries;
        parts.push(count(lost, "lost", expect.lost));
        parts.push(count(duplicated, "duplicated", expect.duplicated));
        if expect.unexpected > 0 {
            parts.push(count(unexpected, "unexpected", expect.unexpected));
        }
        // A run with corrupted entries fails, whatever is expected of it: the line need not say that there are none.
        if corrupted > 0 {
            parts.push(format!("{corrupted} corrupted"));
        }
    }
    match (checked.as_slice(), not_checked.as_slice()) {
        ([], []) => parts.push("no path writes entries".to_owned()),
        (_, []) => {}
        _ => parts.push(format!("lost and duplicated not checked on {}", not_checked.join(", "))),
    }
    parts.join(", ")
}

/// Formats a count, with the number that the scenario allows.
fn count(count: u64, what: &str, allowed: u64) -> String {
    match allowed {
        0 => format!("{count} {what}"),
        _ => format!("{count} {what} ({allowed} allowed)"),
    }
}
