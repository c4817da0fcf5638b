//! The handle of a run that goes on: faults by hand, the end of a manual load, and what a dropped run leaves.

use std::path::Path;
use std::time::Duration;

use faultline::history::{Event, FaultStage};
use faultline::lab::ScenarioFile;
use faultline::runner::{Listener, LoadEnd, ManualFaultError, Progress, Run, RunError, RunOptions};
use faultline::scenario::{PlannedFault, Schedule, manual};
use faultline::stack::Choice;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::lab::{self, Small};

/// Longest time that a test waits for a run to get somewhere.
const LIMIT: Duration = Duration::from_secs(60);

/// Passes the events of a run on.
struct Events(mpsc::UnboundedSender<Event>);

impl Listener for Events {
    fn on(&mut self, progress: &Progress) {
        if let Progress::History(event) = progress {
            // The test may be over.
            let _ = self.0.send(event.clone());
        }
    }
}

/// Begins a run of the small system.
fn begin(
    small: &Small,
    runs: &Path,
    schedule: Schedule,
    end: LoadEnd,
) -> (Run, mpsc::UnboundedReceiver<Event>) {
    let mut options = RunOptions::new(small.topology(), schedule, runs.to_path_buf());
    options.choice = Choice::Processes;
    options.load_end = end;
    let (sender, events) = mpsc::unbounded_channel();
    (Run::begin(options, Box::new(Events(sender)), CancellationToken::new()), events)
}

fn by_hand(small: &Small) -> Schedule {
    let rates = json!({ "ping": "20/s" });
    let rates = rates.as_object().expect("an object");
    manual::load("by-hand", rates, &small.topology().names(), 1).expect("a load")
}

fn kill_worker(small: &Small) -> PlannedFault {
    let fault = json!({ "kind": "kill", "node": "worker" });
    let fault = fault.as_object().expect("an object");
    manual::fault(fault, &small.topology().names(), 1).expect("a fault")
}

/// Waits until a fault reaches a step.
async fn wait_for(events: &mut mpsc::UnboundedReceiver<Event>, wanted: FaultStage) {
    let reached = async {
        while let Some(event) = events.recv().await {
            if matches!(event, Event::Fault { stage, .. } if stage == wanted) {
                return;
            }
        }
        panic!("the run ended before its fault reached {wanted:?}");
    };
    tokio::time::timeout(LIMIT, reached).await.expect("in time");
}

#[tokio::test]
async fn a_manual_run_takes_faults_from_its_load_to_its_end() {
    let (small, runs) = (Small::new("exit 0"), tempfile::tempdir().expect("a folder"));
    let (mut run, mut events) = begin(&small, runs.path(), by_hand(&small), LoadEnd::Manual);
    assert_eq!(run.inject(kill_worker(&small)).await, Err(ManualFaultError::NotStarted));
    run.wait_for_load().await;
    assert_eq!(run.inject(kill_worker(&small)).await, Ok(0));
    wait_for(&mut events, FaultStage::Active).await;
    let again = run.inject(kill_worker(&small)).await;
    assert!(matches!(again, Err(ManualFaultError::Overlaps { .. })), "{again:?}");
    assert_eq!(run.heal(7), Err(ManualFaultError::NotActive(7)));
    assert_eq!(run.heal(0), Ok(()));
    wait_for(&mut events, FaultStage::Ready).await;
    run.end();
    let report = run.report().await.expect("a report");
    assert_eq!(report.faults.len(), 1);
    assert!(report.paths["ping"].tally.ok > 0);
    assert_eq!(run.inject(kill_worker(&small)).await, Err(ManualFaultError::Ending));
    assert!(matches!(run.report().await, Err(RunError::Reported)));
    // What a person did is a scenario, which the report's command names.
    let file = Path::new(&report.folder).join("scenario.toml");
    let scenario = ScenarioFile::read(&file).expect("a scenario");
    assert_eq!(scenario.check(&small.topology()).expect("no mistake").fault.len(), 1);
    assert!(report.repeat().contains(&file.display().to_string()), "{}", report.repeat());
}

#[tokio::test]
async fn a_load_that_its_schedule_ends_goes_on_to_its_end() {
    let (small, runs) = (Small::new("exit 0"), tempfile::tempdir().expect("a folder"));
    let scenario = ScenarioFile::builder("x").load(Duration::from_secs(1), &[("ping", "20/s")]).build();
    let schedule = Schedule::derive("x", &lab::parsed(&scenario), 1);
    let (mut run, _events) = begin(&small, runs.path(), schedule, LoadEnd::Schedule);
    run.end();
    assert_eq!(run.report().await.expect("a report").paths["ping"].tally.offered, 20);
}

#[tokio::test]
async fn a_run_that_is_dropped_stops_what_it_started() {
    let (small, runs) = (Small::new("exit 0"), tempfile::tempdir().expect("a folder"));
    let (run, mut events) = begin(&small, runs.path(), by_hand(&small), LoadEnd::Manual);
    run.wait_for_load().await;
    assert_eq!(run.inject(kill_worker(&small)).await, Ok(0));
    wait_for(&mut events, FaultStage::Active).await;
    drop(run);
    // The channel ends with the recorder, and that with all that the run had started.
    let end = async {
        let mut last = None;
        while let Some(event) = events.recv().await {
            last = Some(event);
        }
        last
    };
    let last = tokio::time::timeout(LIMIT, end).await.expect("in time");
    assert!(matches!(last, Some(Event::End { interrupted: true, .. })), "{last:?}");
    assert!(!small.worker_lives(), "the fault was healed, and the system stopped");
}

#[tokio::test]
async fn all_nodes_are_ready_only_after_the_last_of_them() {
    let (small, runs) = (Small::new("exit 0"), tempfile::tempdir().expect("a folder"));
    let (mut run, mut events) = begin(&small, runs.path(), by_hand(&small), LoadEnd::Manual);
    run.wait_for_load().await;
    assert_eq!(run.inject(kill_worker(&small)).await, Ok(0));
    wait_for(&mut events, FaultStage::Active).await;
    small.set_unready(true);
    let mut seen = Vec::new();
    let mut next = async |events: &mut mpsc::UnboundedReceiver<Event>| {
        let event = tokio::time::timeout(LIMIT, events.recv()).await.expect("in time").expect("an event");
        seen.push(event.clone());
        event
    };
    while !matches!(next(&mut events).await, Event::Node { .. }) {}
    assert_eq!(run.heal(0), Ok(()));
    while !matches!(next(&mut events).await, Event::Fault { stage: FaultStage::Healed, .. }) {}
    small.set_unready(false);
    while !matches!(next(&mut events).await, Event::Fault { stage: FaultStage::Ready, .. }) {}
    run.end();
    run.report().await.expect("a report");
    let nodes: Vec<String> = seen
        .iter()
        .filter_map(|event| match event {
            Event::Node { node, change, .. } => Some(change.describe(node)),
            _ => None,
        })
        .collect();
    assert_eq!(nodes, ["web is not ready: waits for the test", "web is ready again"]);
}
