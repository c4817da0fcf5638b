//! The library's face as somebody else's test uses it: nothing but `faultline::lab` and a compose file.

use std::time::Duration;

use faultline::checker::Verdict;
use faultline::lab::{Lab, LabError, ScenarioFile};
use faultline::stack::{Choice, Override};

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

#[test]
fn several_scenarios_run_on_a_system_that_is_gone_after_it_was_stopped() {
    let (small, runs) = (Small::new("exit 0"), tempfile::tempdir().expect("a folder"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let mut system = lab(&small, &runs).start().await.expect("a system");
        let address = system.address("web", 80).expect("a port");
        std::net::TcpStream::connect(address).expect("a connection");
        let error = system.address("web", 81).expect_err("no such port").to_string();
        assert!(error.contains("81") && !error.contains("started"), "{error}");
        for name in ["first", "second"] {
            let report = system.run(&pings(name)).await.expect("a verdict");
            report.assert_pass();
            let folder = std::path::Path::new(&report.folder);
            assert!(folder.join("logs/web.log").is_file(), "{}", report.folder);
            // The report's command repeats the run from the folder alone.
            let file = folder.join("scenario.toml");
            assert_eq!(ScenarioFile::read(&file).expect("a scenario").text(), pings(name).text());
            let command = format!("faultline run {} --seed 1 --topology ", file.display());
            assert!(report.repeat().starts_with(&command), "{}", report.repeat());
        }
        small.set_unready(true);
        let error = system.run(&pings("third")).await.expect_err("a node is not ready");
        assert!(matches!(&error, LabError::Stack(_)) && error.to_string().contains("web"), "{error}");
        assert!(small.worker_lives());
        system.stop().await.expect("stopped");
    });
    assert!(!small.worker_lives());
}

#[test]
fn a_system_that_does_not_start_says_why_and_leaves_nothing() {
    let (small, runs) = (Small::new("exit 0"), tempfile::tempdir().expect("a folder"));
    small.set_unready(true);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let lab = lab(&small, &runs).ready_within(Duration::from_millis(300));
    let error = runtime.block_on(lab.start()).expect_err("a node is not ready");
    assert!(
        matches!(&error, LabError::Stack(_)) && error.to_string().contains("waits for the test"),
        "{error}"
    );
    assert!(!small.worker_lives());
}

#[test]
fn a_program_takes_the_place_of_a_nodes_own() {
    let (small, runs) = (Small::new("exit 0"), tempfile::tempdir().expect("a folder"));
    let deaf = Small::new("exit 3");
    let special = |program: &std::path::Path| Override {
        program: Some(program.display().to_string()),
        environment: std::collections::BTreeMap::new(),
    };
    let report =
        lab(&small, &runs).node_override("worker", special(&deaf.worker())).run_blocking(&pings("deaf"));
    let failure = report.expect("a verdict").failure();
    assert!(failure.contains("stopped: worker"), "{failure}");
    let error = lab(&small, &runs).node_override("wroker", special(&deaf.worker())).run_blocking(&pings("x"));
    let error = error.expect_err("no such node").to_string();
    assert!(error.contains("no node \"wroker\""), "{error}");
}
