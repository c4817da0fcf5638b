//! The fold is the same whether events come live, from a file, or are kept whole.

use proptest::prelude::*;

use super::*;
use crate::history::run_info::SystemInfo;
use crate::history::{self, Completion, Entry, Evidence, FaultStage, Invoke, Observation, Outcome, Writer};
use crate::scenario::{Schedule, parse};

fn run() -> RunInfo {
    let text = r#"
shows = "x"
[[load]]
for = "2s"
rates = { log = "10/s", ping = "10/s" }
[[fault]]
kind = "kill"
node = "broker"
at = "1s"
for = "500ms"
"#;
    RunInfo {
        version: history::VERSION,
        run: "r0000001".into(),
        faultline: "0".into(),
        started: "2026-01-01T00:00:00Z".into(),
        provider: "processes".into(),
        ready_ms: 1,
        stored_in: [("log".to_owned(), "entries".to_owned())].into(),
        declared: None,
        affected: vec![vec!["log".to_owned()]],
        system: SystemInfo::default(),
        command: String::new(),
        schedule: Schedule::derive("x", &parse("x", text).expect("a scenario"), 1),
        environment: [].into(),
    }
}

/// One operation: its path, due time in microseconds, and outcome after some microseconds; without an outcome it stays
/// in flight, and without a time it is dropped.
#[derive(Debug, Clone)]
struct Planned {
    stores: bool,
    due: i64,
    outcome: Option<Option<Outcome>>,
    after: i64,
}

fn planned() -> impl Strategy<Value = Planned> {
    let outcomes = prop::sample::select(vec![Outcome::Ok, Outcome::Fail, Outcome::Info]);
    let outcome = prop::option::of(prop::option::of(outcomes));
    (any::<bool>(), 0_i64..4_000_000, outcome, 1_i64..900_000)
        .prop_map(|(stores, due, outcome, after)| Planned { stores, due, outcome, after })
}

fn stage() -> impl Strategy<Value = (usize, FaultStage, i64)> {
    use FaultStage::{Active, Begin, Broken, Heal, Healed, Ready};
    let stages = prop::sample::select(vec![Begin, Active, Heal, Healed, Ready, Broken]);
    (0_usize..3, stages, 0_i64..4_000_000)
}

fn events(planned: &[Planned], stages: &[(usize, FaultStage, i64)]) -> Vec<Event> {
    let mut timed: Vec<(i64, Event)> = Vec::new();
    for (number, operation) in planned.iter().enumerate() {
        let (id, path) =
            (format!("r0000001-{number}"), if operation.stores { "log" } else { "ping" }.to_owned());
        let due = operation.due;
        match operation.outcome {
            None => timed.push((due, Event::Drop { id, path, due })),
            Some(outcome) => {
                let hash = operation.stores.then_some(number as u64);
                let invoke = Invoke { id: id.clone(), path, due, sent: due + 10, hash };
                timed.push((due, Event::Invoke(invoke)));
                if let Some(outcome) = outcome {
                    let at = due + operation.after;
                    let message = (outcome != Outcome::Ok).then(|| "x".to_owned());
                    timed.push((
                        at,
                        Event::Settle(Completion {
                            id,
                            at,
                            outcome,
                            status: Some(200),
                            message,
                            undeclared: false,
                        }),
                    ));
                }
            }
        }
    }
    for (index, stage, at) in stages {
        let evidence = vec![Evidence::new("seen", true)];
        timed.push((*at, Event::Fault { index: *index, stage: *stage, at: *at, evidence }));
    }
    timed.sort_by_key(|(at, _)| *at);
    let mut events = vec![Event::Run(Box::new(run()))];
    events.extend(timed.into_iter().map(|(_, event)| event));
    let at = 5_000_000;
    let node = Event::Node { node: "broker".into(), at, change: NodeChange::Ready };
    let queues = [("logs".to_owned(), Some(3))].into();
    let entries = vec![Entry { op: "r0000001-0".into(), hash: 0 }];
    events.extend([
        node,
        Event::LoadEnded { at },
        Event::Drain { at, queues, missing: Some(1), done: false },
        Event::Observe(Observation { store: "entries".into(), entries }),
        Event::Unobserved { store: "other".into(), reason: "x".into() },
        Event::End { at, interrupted: false },
    ]);
    events
}

fn fold(events: &[Event], retention: Retention) -> Timeline {
    let mut timeline = Timeline::new(run(), retention);
    events.iter().for_each(|event| timeline.push(event));
    timeline
}

proptest! {
    #[test]
    fn a_fold_of_the_file_equals_the_live_one(
        planned in prop::collection::vec(planned(), 0..60),
        stages in prop::collection::vec(stage(), 0..8),
    ) {
        let events = events(&planned, &stages);
        let mut writer = Writer::new(Vec::new());
        events.iter().for_each(|event| writer.append(event).expect("memory takes all"));
        let text = String::from_utf8(writer.into_inner()).expect("text");
        let read = Timeline::of(&history::read(&text).expect("a history"));
        prop_assert_eq!(&read, &fold(&events, Retention::Whole));

        let live = fold(&events, Retention::Recent);
        prop_assert_eq!(live.counts, read.counts);
        prop_assert_eq!(live.seconds.all(), read.seconds.all());
        prop_assert_eq!(&live.faults, &read.faults);
        prop_assert_eq!(&live.nodes, &read.nodes);
        prop_assert_eq!(&live.stores, &read.stores);
    }

    #[test]
    fn every_operation_is_counted_once(planned in prop::collection::vec(planned(), 0..60)) {
        let timeline = fold(&events(&planned, &[]), Retention::Whole);
        let counts = timeline.counts;
        prop_assert_eq!(counts.offered, planned.len() as u64);
        prop_assert_eq!(timeline.operations().len(), planned.len());
        prop_assert_eq!(counts.dropped + counts.ok + counts.fail + counts.info + counts.in_flight(), counts.offered);
        let seconds = timeline.seconds.all();
        let summed: u64 = seconds.iter().flat_map(|second| second.paths.values()).map(|path| path.counts.offered).sum();
        prop_assert_eq!(summed, counts.offered);
        let acknowledged = planned.iter().filter(|operation| operation.stores && operation.outcome == Some(Some(Outcome::Ok)));
        prop_assert_eq!(timeline.stores.acknowledged_count(), acknowledged.count() as u64);
    }
}

#[test]
fn an_answer_after_the_end_of_the_load_changes_nothing() {
    let invoke = Invoke { id: "1".into(), path: "log".into(), due: 0, sent: 0, hash: None };
    let late = Completion {
        id: "1".into(),
        at: 9,
        outcome: Outcome::Ok,
        status: None,
        message: None,
        undeclared: false,
    };
    let events = [Event::Invoke(invoke), Event::LoadEnded { at: 5 }, Event::Settle(late)];
    let timeline = fold(&events, Retention::Whole);
    assert_eq!((timeline.counts.ok, timeline.counts.in_flight()), (0, 1));
    assert_eq!(timeline.stores.acknowledged_count(), 0);
}
