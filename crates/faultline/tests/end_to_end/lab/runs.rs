//! Whole runs, judged.

use std::collections::BTreeMap;

use faultline::report::{Report, Style, terminal};
use faultline::runner::progress::NullListener;
use faultline::runner::{self, RunOptions};
use faultline::scenario::{self, Scenario, Schedule};
use faultline::stack::Override;
use faultline::stack::{Choice, Topology};
use tokio_util::sync::CancellationToken;

/// Reads a scenario of this repository.
pub(crate) fn scenario(name: &str) -> Scenario {
    let file = super::repository().join("scenarios").join(format!("{name}.toml"));
    let text = std::fs::read_to_string(&file).expect("the scenario");
    scenario::parse(name, &text).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// Derives the schedule of a scenario of this repository.
pub(crate) fn schedule(name: &str, seed: u64) -> Schedule {
    Schedule::derive(name, &scenario(name), seed)
}

/// Runs a schedule on this repository's own system and judges it.
pub(crate) fn run(schedule: Schedule, overrides: BTreeMap<String, Override>) -> Report {
    run_on(super::system(), schedule, overrides)
}

/// The same on another system.
pub(crate) fn run_on(
    topology: Topology,
    schedule: Schedule,
    overrides: BTreeMap<String, Override>,
) -> Report {
    let _turn = super::turn();
    let runs = tempfile::tempdir().expect("a folder");
    let mut options = RunOptions::new(topology, schedule, runs.path().to_path_buf());
    // Another program can take the place of a process only.
    let special = overrides.values().any(|special| special.program.is_some());
    options.choice = if special { Choice::Processes } else { super::choice() };
    options.overrides = overrides;
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let run = runner::run(options, Box::new(NullListener), CancellationToken::new());
    let report = runtime.block_on(run).unwrap_or_else(|error| panic!("{error}"));
    show(&report);
    report
}

/// Shows a report, which the test runner does where the test fails, and finds its figures in its other forms.
pub(super) fn show(report: &Report) {
    println!("{}", terminal::render(report, Style::PLAIN));
    super::written::agrees_with(report);
}
