//! Whole histories and their verdicts.

mod ends;

use super::*;
use crate::history::event::SystemInfo;
use crate::history::{
    Entry, Event, Evidence, FaultStage, History, Invoke, NodeChange, Observation, Outcome, RunInfo, Settled,
};
use crate::scenario::{Schedule, parse};

const SECOND: i64 = 1_000_000;

const SCENARIO: &str = r#"
shows = "x"
[[load]]
for = "30s"
rates = { log = "1/s", ping = "1/s" }
[[fault]]
kind = "kill"
node = "mongo"
at = "10s"
for = "5s"
[expect]
recovers-within = "3s"
"#;

/// A history that passes: an operation a second on two paths, of which `log` fails during the fault.
struct Story {
    run: RunInfo,
    outcomes: Vec<(String, i64, Outcome)>,
    faults: Vec<(FaultStage, i64, bool)>,
    stored: Vec<String>,
    rest: Vec<Event>,
}

impl Story {
    fn good() -> Self {
        let run = RunInfo {
            version: crate::history::VERSION,
            run: "r".into(),
            faultline: "0".into(),
            started: "now".into(),
            provider: "processes".into(),
            ready_ms: 1,
            stored_in: [("log".to_owned(), "logs".to_owned())].into(),
            affected: vec![vec!["log".to_owned()]],
            system: SystemInfo::default(),
            command: String::new(),
            schedule: Schedule::derive("x", &parse("x", SCENARIO).unwrap(), 1),
            environment: [].into(),
        };
        let mut outcomes = Vec::new();
        for second in 0..30 {
            let faulty = (10..=16).contains(&second);
            outcomes.push((
                format!("r-log-{second}"),
                second * SECOND,
                if faulty { Outcome::Fail } else { Outcome::Ok },
            ));
            outcomes.push((format!("r-ping-{second}"), second * SECOND, Outcome::Ok));
        }
        let acknowledged =
            outcomes.iter().filter(|(id, _, outcome)| id.contains("log") && *outcome == Outcome::Ok);
        let stored = acknowledged.map(|(id, _, _)| id.clone()).collect();
        let faults = vec![
            (FaultStage::Begin, 10 * SECOND - 1, true),
            (FaultStage::Active, 10 * SECOND - 1, true),
            (FaultStage::Undo, 15 * SECOND, true),
            (FaultStage::Undone, 15 * SECOND, true),
            (FaultStage::Ready, 16 * SECOND + 1, true),
        ];
        let drained = Event::Drain { at: 31 * SECOND, queues: [].into(), missing: Some(0), done: true };
        let rest = vec![
            Event::LoadEnded { at: 30 * SECOND },
            drained,
            Event::Readiness { at: 31 * SECOND, nodes: [("mongo".to_owned(), NodeChange::Ready)].into() },
            Event::End { at: 32 * SECOND, interrupted: false },
        ];
        Self { run, outcomes, faults, stored, rest }
    }

    fn judge(&self) -> Judgement {
        let mut events = vec![Event::Run(Box::new(self.run.clone()))];
        for (id, due, outcome) in &self.outcomes {
            let path = id.split('-').nth(1).unwrap().to_owned();
            events.push(Event::Invoke(Invoke { id: id.clone(), path, due: *due, sent: *due, hash: Some(7) }));
            let settled =
                Settled { id: id.clone(), at: due + 1000, outcome: *outcome, status: None, message: None };
            events.push(Event::Settle(settled));
        }
        for (stage, at, shown) in &self.faults {
            let evidence = vec![Evidence::new("seen", *shown)];
            events.push(Event::Fault { index: 0, stage: *stage, at: *at, evidence });
        }
        let entries = self.stored.iter().map(|op| Entry { op: op.clone(), hash: 7 }).collect();
        events.push(Event::Observe(Observation { store: "logs".into(), entries }));
        events.extend(self.rest.clone());
        judge(&History { run: self.run.clone(), events })
    }

    fn set(&mut self, id: &str, outcome: Outcome) {
        self.outcomes.iter_mut().find(|(other, _, _)| other == id).unwrap().2 = outcome;
    }
}

fn verdict_of(judgement: &Judgement, name: &str) -> Verdict {
    judgement
        .checks
        .iter()
        .find(|check| check.name == name)
        .unwrap_or_else(|| panic!("no check {name}"))
        .verdict
}

#[test]
fn a_good_run_passes_with_its_figures() {
    let judgement = Story::good().judge();
    assert_eq!(judgement.verdict, Verdict::Pass, "{:#?}", judgement.checks);
    let log = &judgement.paths["log"];
    assert_eq!((log.tally.offered, log.tally.ok, log.tally.fail, log.lost), (30, 23, 7, Some(0)));
    let fault = &judgement.faults[0];
    assert_eq!(fault.what, "kill mongo");
    assert_eq!(fault.detect_ms, Some(1));
    assert_eq!(fault.recover_ms["log"], Some(2001));
    assert_eq!((fault.phases["log"].before.offered, fault.phases["log"].during.offered), (10, 7));
    assert_eq!(judgement.drain_ms, Some(1000));
}

#[test]
fn a_lost_entry_is_named_and_fails() {
    let mut story = Story::good();
    story.stored.retain(|id| id != "r-log-3");
    let judgement = story.judge();
    assert_eq!(judgement.verdict, Verdict::Fail);
    let lost = judgement.checks.iter().find(|check| check.name == "lost").unwrap();
    assert_eq!((lost.verdict, lost.ids.as_slice()), (Verdict::Fail, ["r-log-3".to_owned()].as_slice()));
}

#[test]
fn doubled_refused_and_altered_entries_fail() {
    let mut story = Story::good();
    story.stored.push("r-log-3".into());
    assert_eq!(verdict_of(&story.judge(), "duplicated"), Verdict::Fail);
    let mut story = Story::good();
    story.stored.push("r-log-12".into());
    assert_eq!(verdict_of(&story.judge(), "unexpected"), Verdict::Fail);
    story.set("r-log-12", Outcome::Info);
    let judgement = story.judge();
    assert_eq!(verdict_of(&judgement, "unexpected"), Verdict::Pass);
    assert_eq!(judgement.paths["log"].recovered, Some(1));
}

#[test]
fn what_could_not_be_seen_is_unknown() {
    let mut story = Story::good();
    story.faults[1].2 = false;
    assert_eq!(verdict_of(&story.judge(), "evidence"), Verdict::Unknown);

    let mut story = Story::good();
    story.rest.push(Event::Unobserved { store: "logs".into(), reason: "refused".into() });
    assert_eq!(verdict_of(&story.judge(), "lost"), Verdict::Unknown);

    let mut story = Story::good();
    story.rest.pop();
    assert_eq!(verdict_of(&story.judge(), "complete"), Verdict::Unknown);

    let mut story = Story::good();
    story.outcomes.clear();
    story.stored.clear();
    assert_eq!(verdict_of(&story.judge(), "complete"), Verdict::Unknown);
}

#[test]
fn failures_without_a_fault_or_on_other_paths_fail() {
    let mut story = Story::good();
    story.set("r-ping-3", Outcome::Fail);
    assert_eq!(verdict_of(&story.judge(), "without-fault"), Verdict::Fail);
    let mut story = Story::good();
    story.set("r-ping-12", Outcome::Fail);
    let judgement = story.judge();
    assert_eq!(verdict_of(&judgement, "unaffected"), Verdict::Fail);
    assert_eq!(verdict_of(&judgement, "without-fault"), Verdict::Pass);
}

#[test]
fn slow_recovery_no_recovery_and_no_drain_fail() {
    let mut story = Story::good();
    for second in 17..20 {
        story.set(&format!("r-log-{second}"), Outcome::Info);
    }
    assert_eq!(verdict_of(&story.judge(), "recovered"), Verdict::Fail);

    let mut story = Story::good();
    story.faults.pop();
    assert_eq!(verdict_of(&story.judge(), "recovered"), Verdict::Fail);

    let mut story = Story::good();
    story.rest[1] = Event::Drain { at: 90 * SECOND, queues: [].into(), missing: Some(4), done: false };
    assert_eq!(verdict_of(&story.judge(), "drained"), Verdict::Fail);
}

#[test]
fn a_path_that_was_not_asked_for_long_enough_may_work() {
    let mut story = Story::good();
    for second in 16..30 {
        story.set(&format!("r-log-{second}"), Outcome::Info);
    }
    assert_eq!(verdict_of(&story.judge(), "recovered"), Verdict::Fail);

    story.outcomes.retain(|(_, due, _)| *due < 17 * SECOND);
    story.rest[0] = Event::LoadEnded { at: 17 * SECOND };
    let judgement = story.judge();
    let check = judgement.checks.iter().find(|check| check.name == "recovered").unwrap();
    assert_eq!(check.verdict, Verdict::Unknown);
    assert_eq!(
        check.detail,
        "the load ended before 3s were over, until then not seen to work: log after kill mongo"
    );
}

#[test]
fn a_node_that_dies_by_itself_fails_and_one_out_of_sight_is_unknown() {
    let mut story = Story::good();
    story.rest.push(Event::Node { node: "mongo".into(), at: 4, change: NodeChange::Lost("no word".into()) });
    assert_eq!(verdict_of(&story.judge(), "complete"), Verdict::Unknown);
    story.rest.push(Event::Node { node: "logger".into(), at: 5, change: NodeChange::Died("SIGSEGV".into()) });
    let judgement = story.judge();
    assert_eq!(verdict_of(&judgement, "complete"), Verdict::Fail);
}

#[test]
fn a_fault_that_could_not_be_done_makes_the_recovery_unknown() {
    let mut story = Story::good();
    story.faults.truncate(1);
    story.faults.push((FaultStage::Broken, 11 * SECOND, false));
    assert_eq!(verdict_of(&story.judge(), "recovered"), Verdict::Unknown);
}

#[test]
fn a_run_that_breaks_off_in_a_fault_is_unknown() {
    let mut story = Story::good();
    story.faults.truncate(2);
    story.outcomes.retain(|(_, due, _)| *due <= 12 * SECOND);
    story.stored.clear();
    story.rest.clear();
    let judgement = story.judge();
    assert_eq!(verdict_of(&judgement, "recovered"), Verdict::Unknown);
    assert_eq!(verdict_of(&judgement, "drained"), Verdict::Unknown);
}
