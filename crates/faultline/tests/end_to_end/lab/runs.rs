//! Whole runs, judged.

use std::path::Path;

use faultline::lab::{Lab, ScenarioFile};
use faultline::report::{Report, Style, terminal};
use faultline::runner::progress::NullListener;
use faultline::runner::{Run, RunOptions};
use faultline::scenario::{self, Scenario, Schedule};
use faultline::stack::Topology;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// The lab of this repository's own system.
pub(crate) fn lab(runs: &TempDir) -> Lab {
    let lab = Lab::from_compose(super::repository().join("docker-compose.yml")).expect("the topology");
    lab.provider(super::choice()).runs(runs.path())
}

/// A scenario of this repository.
pub(crate) fn scenario(name: &str) -> ScenarioFile {
    let file = Path::new("scenarios").join(format!("{name}.toml"));
    ScenarioFile::read(super::repository().join(file)).expect("the scenario")
}

/// Content of a scenario.
pub(crate) fn parsed(scenario: &ScenarioFile) -> Scenario {
    scenario::parse(scenario.name(), scenario.text()).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// Runs a scenario on this repository's own system, which `change` may change, and judges it.
pub(crate) fn run(scenario: &ScenarioFile, change: impl FnOnce(Lab) -> Lab) -> Report {
    let _turn = super::turn();
    let runs = tempfile::tempdir().expect("a folder");
    let report = change(lab(&runs)).run_blocking(scenario).unwrap_or_else(|error| panic!("{error}"));
    show(&report);
    report
}

/// Runs a schedule on another topology, which no compose file has.
pub(crate) fn run_schedule(topology: Topology, schedule: Schedule) -> Report {
    let _turn = super::turn();
    let runs = tempfile::tempdir().expect("a folder");
    let mut options = RunOptions::new(topology, schedule, runs.path().to_path_buf());
    options.choice = super::choice();
    let run = async { Run::begin(options, Box::new(NullListener), CancellationToken::new()).report().await };
    let report = Runtime::new().expect("a runtime").block_on(run).unwrap_or_else(|error| panic!("{error}"));
    show(&report);
    report
}

/// Shows a report, which the test runner does where the test fails, and finds its figures in its other forms.
pub(super) fn show(report: &Report) {
    println!("{}", terminal::render(report, Style::PLAIN));
    super::written::agrees_with(report);
}
