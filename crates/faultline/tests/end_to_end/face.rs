//! The library's face as somebody else's test uses it: nothing but `faultline::lab` and a compose file.

use std::time::Duration;

use faultline::checker::Verdict;
use faultline::lab::{Lab, LabError, ScenarioFile};
use faultline::stack::Choice;

use crate::lab::Small;

fn lab(system: &Small, runs: &tempfile::TempDir) -> Lab {
    Lab::from_compose(system.file()).expect("a topology").provider(Choice::Processes).runs(runs.path())
}

fn pings(name: &str) -> ScenarioFile {
    ScenarioFile::builder(name).load(Duration::from_secs(1), &[("ping", "20/s")]).build()
}

#[test]
fn tests_may_run_in_parallel_and_each_gets_its_report() {
    let run = |name: &str| {
        let (system, runs) = (Small::new("exit 0"), tempfile::tempdir().expect("a folder"));
        let report = lab(&system, &runs).run_blocking(&pings(name)).expect("a verdict");
        report.assert_pass();
        assert_eq!(report.scenario, name);
        assert!(report.folder.starts_with(&runs.path().display().to_string()), "{}", report.folder);
        report.run
    };
    let (first, second) = std::thread::scope(|scope| {
        let [first, second] = ["first", "second"].map(|name| scope.spawn(move || run(name)));
        (first.join().expect("no panic"), second.join().expect("no panic"))
    });
    assert_ne!(first, second);
}

#[test]
fn a_run_that_fails_says_what_failed_and_where_its_report_is() {
    let (system, runs) = (Small::new("exit 3"), tempfile::tempdir().expect("a folder"));
    let report = lab(&system, &runs).run_blocking(&pings("deaf")).expect("a verdict");
    assert_eq!(report.verdict, Verdict::Fail, "{}", report.why);
    let failure = report.failure();
    for part in ["expected the verdict pass, found fail", "stopped: worker", "report.html", "seed 1"] {
        assert!(failure.contains(part), "{part} is not in: {failure}");
    }
}

#[test]
fn mistakes_come_as_errors_before_anything_starts() {
    let (system, runs) = (Small::new("exit 0"), tempfile::tempdir().expect("a folder"));
    let unknown = ScenarioFile::builder("x").load(Duration::from_secs(1), &[("pong", "20/s")]).build();
    let error = lab(&system, &runs).run_blocking(&unknown).expect_err("no such path");
    assert!(matches!(error, LabError::Scenario(_)) && error.to_string().contains("pong"), "{error}");
    assert!(matches!(Lab::from_compose("no-such.yml"), Err(LabError::Topology(_))));
    assert_eq!(std::fs::read_dir(runs.path()).expect("a folder").count(), 0);
}
