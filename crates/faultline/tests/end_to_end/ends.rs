//! Ends of nodes in the verdict: those that die or are not ready after the load, and those that don't stop in order when
//! they are asked to.

use faultline::checker::Verdict;
use faultline::report::Report;
use faultline::runner::{Listener, Progress, Run, RunOptions, Stage};
use faultline::scenario::{self, Schedule};
use faultline::stack::Choice;
use tokio_util::sync::CancellationToken;

use crate::lab::{self, Small};

const LOAD: &str = "shows = \"x\"\n[[load]]\nfor = \"1s\"\nrates = { ping = \"40/s\" }\n";

/// Does something once the load is over and everything is being waited for.
struct AtDrain<F>(F);

impl<F: Fn() + Send> Listener for AtDrain<F> {
    fn on(&mut self, progress: &Progress) {
        if matches!(progress, Progress::Stage(Stage::Drain)) {
            (self.0)();
        }
    }

    fn end(&mut self) {}
}

fn run(small: &Small, scenario: &str, at_drain: impl Fn() + Send + 'static) -> Report {
    let _turn = lab::turn();
    let runs = tempfile::tempdir().expect("a folder");
    let scenario = scenario::parse("small", scenario).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let schedule = Schedule::derive("small", &scenario, 1);
    let mut options = RunOptions::new(small.topology(), schedule, runs.path().to_path_buf());
    options.choice = Choice::Processes;
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let listener = Box::new(AtDrain(at_drain));
    let run = async { Run::begin(options, listener, CancellationToken::new()).report().await };
    runtime.block_on(run).unwrap_or_else(|error| panic!("{error}"))
}

/// The verdict of a check, and its words.
fn check(report: &Report, name: &str) -> (Verdict, String) {
    let check = report.checks.iter().find(|check| check.name == name);
    let check = check.unwrap_or_else(|| panic!("no check {name}: {:?}", report.checks));
    (check.verdict, check.detail.clone())
}

fn stop_of(node: &str) -> String {
    format!("{LOAD}[[fault]]\nkind = \"stop\"\nnode = \"{node}\"\nat = \"200ms\"\nfor = \"200ms\"\n")
}

#[test]
fn nodes_that_stop_in_order_and_live_to_the_end_pass() {
    let report = run(&Small::new("exit 0"), &stop_of("worker"), || {});
    assert_eq!(report.verdict, Verdict::Pass, "{}: {:?}", report.why, report.checks);
    let (_, told) = check(&report, "stopped");
    assert!(
        told.starts_with("web, worker: stopped when asked to, with a promised exit code; the slowest, "),
        "one by a fault, two at the end: {told}"
    );
}

#[test]
fn a_fault_that_stops_a_node_fails_where_it_ends_in_another_way() {
    let report = run(&Small::new("exit 3"), &stop_of("worker"), || {});
    assert_eq!(report.verdict, Verdict::Fail);
    let (verdict, told) = check(&report, "stopped");
    let expected = "worker: expected exit code 0 within 20 s, found exit code 3 after ";
    assert!(verdict == Verdict::Fail && told.starts_with(expected), "{told}");
    assert_eq!(check(&report, "evidence").0, Verdict::Pass, "the fault had its effect all the same");
}

#[test]
fn a_node_that_has_to_be_killed_at_the_end_of_the_system_fails() {
    let report = run(&Small::new(""), LOAD, || {});
    assert_eq!(report.verdict, Verdict::Fail);
    let (verdict, told) = check(&report, "stopped");
    let expected = "worker: expected exit code 0 within 5 s, found SIGKILL after ";
    assert!(verdict == Verdict::Fail && told.starts_with(expected), "{told}");
}

#[test]
fn a_node_that_dies_after_the_load_fails() {
    let small = Small::new("exit 0");
    let report = run(&small, LOAD, small.killer());
    let told = (Verdict::Fail, "worker died without a fault (SIGKILL)".to_owned());
    assert_eq!((report.verdict, check(&report, "complete")), (Verdict::Fail, told));
}

#[test]
fn a_node_that_is_not_ready_at_the_end_fails() {
    let small = Small::new("exit 0");
    let report = run(&small, LOAD, small.unreadier());
    let told = (Verdict::Fail, "web was not ready at the end (waits for the test)".to_owned());
    assert_eq!((report.verdict, check(&report, "complete")), (Verdict::Fail, told));
}
