//! Ends of nodes, and their state at the very end.

use super::*;
use crate::history::{ExitStatus, Stop};

fn stop(node: &str, status: ExitStatus, took: u64) -> Event {
    let (at, grace) = (13 * SECOND, 20_000_000);
    Event::Stop(Stop { node: node.into(), at, took, grace, promised: vec![0], status })
}

fn at_the_end(node: &str, change: NodeChange) -> Event {
    Event::Readiness { at: 31 * SECOND, nodes: [(node.to_owned(), change)].into() }
}

/// A good run with a stop in the place of the kill.
fn with_a_stop() -> Story {
    let mut story = Story::good();
    let text = SCENARIO.replace("\"kill\"", "\"stop\"");
    story.run.schedule = Schedule::derive("x", &parse("x", &text).unwrap(), 1);
    story
}

fn detail_of(judgement: &Judgement, name: &str) -> String {
    judgement.checks.iter().find(|check| check.name == name).unwrap().detail.clone()
}

#[test]
fn a_node_that_does_not_stop_as_promised_fails() {
    let mut story = with_a_stop();
    story.rest.push(stop("mongo", ExitStatus::Code(0), 310_000));
    let judgement = story.judge();
    assert_eq!(judgement.verdict, Verdict::Pass, "{:#?}", judgement.checks);
    let told = "mongo: stopped when asked to, with a promised exit code; it took 310 ms";
    assert_eq!(detail_of(&judgement, "stopped"), told);

    story.rest.push(stop("logger", ExitStatus::Signal("SIGKILL".into()), 20_010_000));
    let judgement = story.judge();
    assert_eq!(verdict_of(&judgement, "stopped"), Verdict::Fail);
    assert_eq!(verdict_of(&judgement, "evidence"), Verdict::Pass, "the fault had its effect");
    let told = "logger: expected exit code 0 within 20 s, found SIGKILL after 20.0 s";
    assert_eq!(detail_of(&judgement, "stopped"), told);
}

#[test]
fn a_stop_of_which_nothing_is_told_is_unknown_but_in_an_old_history() {
    let mut story = with_a_stop();
    assert_eq!(verdict_of(&story.judge(), "stopped"), Verdict::Unknown);
    story.rest.push(stop("mongo", ExitStatus::Unseen, 310_000));
    assert_eq!(verdict_of(&story.judge(), "stopped"), Verdict::Unknown);
    story.rest.pop();
    // One at the end of the run says nothing of the fault's.
    let Event::Stop(last) = stop("mongo", ExitStatus::Code(0), 310_000) else { unreachable!() };
    story.rest.push(Event::Stop(Stop { at: 33 * SECOND, ..last }));
    assert_eq!(verdict_of(&story.judge(), "stopped"), Verdict::Unknown);
    story.rest.pop();
    story.run.version = crate::history::run_info::WITH_ENDS - 1;
    let judgement = story.judge();
    assert_eq!(judgement.verdict, Verdict::Pass, "{:#?}", judgement.checks);
    assert!(judgement.checks.iter().all(|check| check.name != "stopped"));
}

#[test]
fn a_node_that_is_dead_or_not_ready_at_the_end_fails() {
    for (change, told) in [
        (NodeChange::NotReady("waits for mongo".into()), "logger was not ready at the end (waits for mongo)"),
        (NodeChange::Died("SIGSEGV".into()), "logger died without a fault (SIGSEGV)"),
    ] {
        let mut story = Story::good();
        story.rest.push(at_the_end("logger", change));
        let judgement = story.judge();
        assert_eq!(verdict_of(&judgement, "complete"), Verdict::Fail);
        assert_eq!(detail_of(&judgement, "complete"), told);
    }
    let mut story = Story::good();
    story.rest.push(at_the_end("logger", NodeChange::Lost("no word".into())));
    assert_eq!(verdict_of(&story.judge(), "complete"), Verdict::Unknown);
}

#[test]
fn a_death_is_told_once_and_a_short_rest_is_no_failure() {
    let mut story = Story::good();
    let rests = NodeChange::NotReady("waits for mongo".into());
    for (at, change) in [(1, rests), (2, NodeChange::Ready)] {
        story.rest.push(Event::Node { node: "logger".into(), at: at * SECOND, change });
    }
    assert_eq!(verdict_of(&story.judge(), "complete"), Verdict::Pass);
    let died = NodeChange::Died("SIGSEGV".into());
    story.rest.push(Event::Node { node: "logger".into(), at: 3 * SECOND, change: died.clone() });
    story.rest.push(at_the_end("logger", died));
    assert_eq!(detail_of(&story.judge(), "complete"), "logger died without a fault (SIGSEGV)");
}

#[test]
fn a_run_that_asked_nobody_at_the_end_is_unknown_but_in_an_old_history() {
    let mut story = Story::good();
    story.rest.retain(|event| !matches!(event, Event::Readiness { .. }));
    assert_eq!(verdict_of(&story.judge(), "complete"), Verdict::Unknown);
    story.run.version = crate::history::run_info::WITH_ENDS - 1;
    assert_eq!(verdict_of(&story.judge(), "complete"), Verdict::Pass);
}
