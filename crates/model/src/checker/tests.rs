//! Whole histories and their verdicts.

mod ends;

use proptest::prelude::*;

use super::*;
use crate::history::run_info::SystemInfo;
use crate::history::{
    Completion, Declarations, Entry, Event, Evidence, FaultStage, History, Invoke, NodeChange, Observation,
    Outcome, RunInfo,
};
use crate::scenario::{Entries, Schedule, parse};

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
    /// Operations whose answers were a success in another shape.
    undeclared: Vec<String>,
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
            declared: Some(Declarations {
                writes_nothing: ["ping".to_owned()].into(),
                ..Declarations::default()
            }),
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
            (FaultStage::Heal, 15 * SECOND, true),
            (FaultStage::Healed, 15 * SECOND, true),
            (FaultStage::Ready, 16 * SECOND + 1, true),
        ];
        let drained = Event::Drain { at: 31 * SECOND, queues: [].into(), missing: Some(0), done: true };
        let rest = vec![
            Event::LoadEnded { at: 30 * SECOND },
            drained,
            Event::Readiness { at: 31 * SECOND, nodes: [("mongo".to_owned(), NodeChange::Ready)].into() },
            Event::End { at: 32 * SECOND, interrupted: false },
        ];
        Self { run, outcomes, faults, stored, undeclared: Vec::new(), rest }
    }

    fn judge(&self) -> Judgement {
        let mut events = vec![Event::Run(Box::new(self.run.clone()))];
        for (id, due, outcome) in &self.outcomes {
            let path = id.split('-').nth(1).unwrap().to_owned();
            events.push(Event::Invoke(Invoke { id: id.clone(), path, due: *due, sent: *due, hash: Some(7) }));
            let undeclared = self.undeclared.contains(id);
            let outcome = if undeclared { Outcome::Info } else { *outcome };
            let message = undeclared.then(|| "answer: expected one, found another".to_owned());
            let settled =
                Completion { id: id.clone(), at: due + 1000, outcome, status: None, message, undeclared };
            events.push(Event::Settle(settled));
        }
        for (stage, at, shown) in &self.faults {
            let evidence = vec![Evidence::new("seen", *shown)];
            events.push(Event::Fault { index: 0, stage: *stage, at: *at, evidence });
        }
        let entries = self.stored.iter().map(|op| Entry { op: op.clone(), hash: 7 }).collect();
        events.push(Event::Observe(Observation { store: "logs".into(), entries }));
        events.extend(self.rest.clone());
        judge(&Timeline::of(&History { run: self.run.clone(), events }))
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
fn an_entry_in_the_store_of_another_path_is_unexpected() {
    let mut story = Story::good();
    // `logs` comes before `pings`, and is compared first.
    story.run.stored_in.insert("ping".into(), "pings".into());
    let pings = story.outcomes.iter().filter(|(id, _, _)| id.contains("ping"));
    let entries = pings.map(|(id, _, _)| Entry { op: id.clone(), hash: 7 }).collect();
    story.rest.push(Event::Observe(Observation { store: "pings".into(), entries }));
    assert_eq!(story.judge().verdict, Verdict::Pass, "{:#?}", story.judge().checks);
    story.stored.push("r-ping-3".into());
    assert_eq!(verdict_of(&story.judge(), "unexpected"), Verdict::Fail);
    assert_eq!(story.judge().entries.unexpected, 1);
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
fn duplicated_refused_and_corrupted_entries_fail() {
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
    assert_eq!(verdict_of(&story.judge(), "steady-state"), Verdict::Fail);
    let mut story = Story::good();
    story.set("r-ping-12", Outcome::Fail);
    let judgement = story.judge();
    assert_eq!(verdict_of(&judgement, "unaffected"), Verdict::Fail);
    assert_eq!(verdict_of(&judgement, "steady-state"), Verdict::Pass);
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
        "the load ended less than 3 s after healing, recovery not observed: log after kill mongo"
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

fn detail_of<'a>(judgement: &'a Judgement, name: &str) -> &'a str {
    &judgement
        .checks
        .iter()
        .find(|check| check.name == name)
        .unwrap_or_else(|| panic!("no check {name}"))
        .detail
}

/// The checks on entries, and the one that waits for them.
const ABOUT_ENTRIES: [&str; 5] = ["lost", "duplicated", "unexpected", "corrupted", "drained"];

impl Story {
    /// The good run on a path that names no store; nothing is in one.
    fn without_store() -> Self {
        let mut story = Self::good();
        story.run.stored_in.clear();
        story.stored.clear();
        story
    }

    fn declares_nothing(&mut self) {
        self.run.declared = Some(Declarations::default());
    }
}

#[test]
fn what_names_no_store_is_not_checked_and_does_not_pass() {
    let judgement = Story::without_store().judge();
    assert_eq!(judgement.verdict, Verdict::Unknown, "{:#?}", judgement.checks);
    for name in ABOUT_ENTRIES {
        assert_eq!(verdict_of(&judgement, name), Verdict::NotChecked, "{name}");
        assert!(detail_of(&judgement, name).starts_with("not checked on log"), "{name}");
    }
    let told =
        "not checked on log; expected `stored-in: STORE` or `writes: nothing` in x-faultline.paths.log";
    assert!(detail_of(&judgement, "lost").starts_with(told), "{}", detail_of(&judgement, "lost"));
    let log = &judgement.paths["log"];
    assert_eq!((log.entries, log.lost, log.duplicated), (Coverage::NotChecked, None, None));
    assert_eq!(judgement.paths["ping"].entries, Coverage::NothingWritten);
}

#[test]
fn a_path_beside_one_that_is_checked_is_checked_too_or_the_run_does_not_pass() {
    let mut story = Story::good();
    story.declares_nothing();
    let judgement = story.judge();
    assert_eq!((judgement.verdict, verdict_of(&judgement, "lost")), (Verdict::Unknown, Verdict::NotChecked));
    assert!(
        detail_of(&judgement, "lost").starts_with("0 acknowledged and not stored; not checked on ping; ")
    );
    // What was seen on the other path is worse.
    story.stored.retain(|id| id != "r-log-3");
    let judgement = story.judge();
    assert_eq!((judgement.verdict, verdict_of(&judgement, "lost")), (Verdict::Fail, Verdict::Fail));
}

#[test]
fn entries_of_a_path_that_is_not_checked_are_no_strangers_in_a_store() {
    let mut story = Story::good();
    story.run.stored_in.clear();
    let judgement = story.judge();
    assert_eq!(
        (judgement.verdict, verdict_of(&judgement, "unexpected")),
        (Verdict::Unknown, Verdict::NotChecked)
    );
    story.stored.push("r-stranger".into());
    assert_eq!(verdict_of(&story.judge(), "unexpected"), Verdict::Fail);
}

#[test]
fn a_scenario_may_say_that_nothing_is_to_be_checked() {
    let mut story = Story::without_store();
    story.run.schedule.expect.entries = Entries::NotChecked;
    let judgement = story.judge();
    assert_eq!((judgement.verdict, verdict_of(&judgement, "lost")), (Verdict::Pass, Verdict::NotChecked));
    assert_eq!(detail_of(&judgement, "lost"), "not checked on log: the scenario accepts that");
    // What a store was named for is looked at all the same.
    let mut story = Story::good();
    story.run.schedule.expect.entries = Entries::NotChecked;
    story.stored.retain(|id| id != "r-log-3");
    assert_eq!(story.judge().verdict, Verdict::Fail);
}

#[test]
fn a_run_of_an_earlier_lab_is_judged_as_it_was_and_says_what_was_not_checked() {
    let mut story = Story::without_store();
    story.run.declared = None;
    let judgement = story.judge();
    assert_eq!((judgement.verdict, verdict_of(&judgement, "lost")), (Verdict::Pass, Verdict::NotChecked));
    assert!(detail_of(&judgement, "lost").contains("an earlier faultline, which did not ask"));
    assert!(judgement.checks.iter().all(|check| check.name != "answers"));

    let mut story = Story::good();
    story.run.declared = None;
    let judgement = story.judge();
    assert!(judgement.checks.iter().all(|check| check.verdict == Verdict::Pass), "{:#?}", judgement.checks);
    assert_eq!(judgement.paths["ping"].entries, Coverage::NothingWritten);
}

#[test]
fn a_run_that_writes_nothing_has_nothing_to_check() {
    let mut story = Story::without_store();
    let all = ["log".to_owned(), "ping".to_owned()];
    story.run.declared = Some(Declarations { writes_nothing: all.into(), ..Declarations::default() });
    let judgement = story.judge();
    assert_eq!(judgement.verdict, Verdict::Pass, "{:#?}", judgement.checks);
    assert_eq!(detail_of(&judgement, "lost"), "no loaded path writes entries");
    // An entry of the run that is there all the same is unexpected.
    story.stored.push("r-log-3".into());
    story.run.stored_in.insert("other".into(), "logs".into());
    assert_eq!(verdict_of(&story.judge(), "unexpected"), Verdict::Fail);
}

#[test]
fn a_success_in_another_shape_than_the_declared_one_fails_and_is_counted() {
    let mut story = Story::good();
    assert_eq!(
        detail_of(&story.judge(), "answers"),
        "53 acknowledgements are answers that x-faultline.paths declares"
    );
    story.undeclared.push("r-ping-3".into());
    story.run.schedule.expect.steady_state = "50%".parse().unwrap();
    let judgement = story.judge();
    assert_eq!((judgement.verdict, verdict_of(&judgement, "answers")), (Verdict::Fail, Verdict::Fail));
    let told =
        "answers of status 2xx that do not match x-faultline.paths: 1 (ping 1); r-ping-3: answer: expected";
    assert!(detail_of(&judgement, "answers").starts_with(told), "{}", detail_of(&judgement, "answers"));
    let ping = &judgement.paths["ping"].tally;
    assert_eq!((ping.ok, ping.info, ping.undeclared), (29, 1, 1));
}

#[test]
fn a_share_of_nothing_is_not_kept() {
    // The fault is over before the next operation of the path: nothing shows what it does to the path.
    let mut story = Story::good();
    story.outcomes.retain(|(id, due, _)| !id.contains("ping") || !(9..=16).contains(&(due / SECOND)));
    let judgement = story.judge();
    assert_eq!(
        (judgement.verdict, verdict_of(&judgement, "unaffected")),
        (Verdict::Unknown, Verdict::Unknown)
    );
    let told = "expected an operation, found none on ping during kill mongo";
    assert!(detail_of(&judgement, "unaffected").ends_with(told), "{}", detail_of(&judgement, "unaffected"));

    // Loaded, and never asked while no fault was.
    let mut story = Story::good();
    story.outcomes.retain(|(id, due, _)| !id.contains("ping") || (10..=16).contains(&(due / SECOND)));
    let judgement = story.judge();
    assert_eq!(
        (judgement.verdict, verdict_of(&judgement, "steady-state")),
        (Verdict::Unknown, Verdict::Unknown)
    );
    assert!(detail_of(&judgement, "steady-state").ends_with("found none on ping"));

    // A share that asks for nothing is kept.
    story.run.schedule.expect.steady_state = "0%".parse().unwrap();
    assert_eq!(verdict_of(&story.judge(), "steady-state"), Verdict::Pass);
}

#[test]
fn a_share_during_faults_needs_a_fault_and_an_operation_in_each() {
    let during = |story: &Story| verdict_of(&story.judge(), "during ping");
    let mut story = Story::good();
    story.run.schedule.expect.during.insert("ping".into(), "99%".parse().unwrap());
    assert_eq!(during(&story), Verdict::Pass);
    story.outcomes.retain(|(id, due, _)| !id.contains("ping") || !(9..=16).contains(&(due / SECOND)));
    assert_eq!(during(&story), Verdict::Unknown);
    let mut story = Story::good();
    story.run.schedule.expect.during.insert("ping".into(), "99%".parse().unwrap());
    story.faults.clear();
    assert_eq!(during(&story), Verdict::Unknown);
}

#[test]
fn a_path_that_every_fault_hurts_is_not_asked_to_be_unaffected() {
    let mut story = Story::good();
    story.run.affected = vec![vec!["log".to_owned(), "ping".to_owned()]];
    let judgement = story.judge();
    assert_eq!(verdict_of(&judgement, "unaffected"), Verdict::Pass);
    assert_eq!(detail_of(&judgement, "unaffected"), "every loaded path was affected by a fault");
}

/// Declarations that a path may make about its entries.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Says {
    Store,
    Nothing,
    Neither,
}

proptest! {
    #[test]
    fn no_run_passes_with_entries_that_nobody_looked_for(
        log in prop::sample::select(vec![Says::Store, Says::Nothing, Says::Neither]),
        ping in prop::sample::select(vec![Says::Store, Says::Nothing, Says::Neither]),
        excused: bool,
    ) {
        let mut story = Story::good();
        story.run.stored_in.clear();
        story.stored.clear();
        story.declares_nothing();
        let acknowledged: Vec<String> =
            story.outcomes.iter().filter(|(_, _, o)| *o == Outcome::Ok).map(|(id, _, _)| id.clone()).collect();
        for (path, says) in [("log", log), ("ping", ping)] {
            match says {
                Says::Store => {
                    story.run.stored_in.insert(path.into(), "logs".into());
                    story.stored.extend(acknowledged.iter().filter(|id| id.contains(path)).cloned());
                }
                Says::Nothing => {
                    let declared = story.run.declared.get_or_insert_default();
                    declared.writes_nothing.insert(path.to_owned());
                }
                Says::Neither => {}
            }
        }
        story.run.schedule.expect.entries = if excused { Entries::NotChecked } else { Entries::Checked };
        let judgement = story.judge();
        let all_known = log != Says::Neither && ping != Says::Neither;
        prop_assert_eq!(judgement.verdict == Verdict::Pass, all_known || excused, "{:#?}", judgement.checks);
        for name in ["lost", "duplicated", "unexpected", "corrupted"] {
            let not_checked = verdict_of(&judgement, name) == Verdict::NotChecked;
            prop_assert_eq!(not_checked, !all_known, "{}", name);
        }
        for (path, says) in [("log", log), ("ping", ping)] {
            let figures = &judgement.paths[path];
            prop_assert_eq!(figures.lost.is_some(), says == Says::Store);
            prop_assert_eq!(figures.entries == Coverage::NotChecked, says == Says::Neither);
        }
    }
}
