//! Judges whether each node that was asked to stop ended in time, with an exit code that its program promises.

use std::collections::BTreeSet;

use super::verdict::{Check, Verdict};
use super::words;
use crate::elapsed::Elapsed;
use crate::history::Stop;
use crate::history::run_info::WITH_ENDS;
use crate::scenario::FaultKind;
use crate::timeline::{FaultWindow, Timeline};

/// Makes the check `stopped`; none where no node was asked to stop.
#[must_use]
// A node that was killed after its grace has been restarted just as well, and only its exit status tells the
// difference.
pub fn check(timeline: &Timeline) -> Option<Check> {
    let worse = list(timeline, Some(false));
    let unseen: Vec<String> = list(timeline, None).into_iter().chain(missing(timeline)).collect();
    let (verdict, detail) = match (timeline.stops.iter().max_by_key(|stop| stop.took), worse.is_empty()) {
        (_, false) => (Verdict::Fail, worse.join("; ")),
        (_, true) if !unseen.is_empty() => (Verdict::Unknown, unseen.join("; ")),
        (Some(slowest), true) => (Verdict::Pass, summary(timeline, slowest)),
        (None, true) => return None,
    };
    Some(Check::new("stopped", verdict, detail))
}

fn list(timeline: &Timeline, in_order: Option<bool>) -> Vec<String> {
    timeline.stops.iter().filter(|stop| stop.is_in_order() == in_order).map(ToString::to_string).collect()
}

/// Lists stopped nodes without a recorded exit status. Labs before [`WITH_ENDS`] recorded none.
fn missing(timeline: &Timeline) -> Vec<String> {
    if timeline.run.version < WITH_ENDS {
        return Vec::new();
    }
    // A fault that could not be injected has asked no node to stop.
    let active = timeline.faults.windows().iter().filter(|window| window.active.is_some());
    let faults = active.filter_map(|window| Some((window, timeline.run.schedule.faults.get(window.index)?)));
    let stops = faults.filter(|(_, fault)| fault.kind == FaultKind::Stop);
    // Of the same fault: a node is stopped again at the end of the run, and perhaps by another fault.
    let is_recorded = |window: &FaultWindow, node: &str| {
        let is_within = |at: i64| at >= window.begin && window.heal.is_none_or(|heal| at <= heal);
        timeline.stops.iter().any(|stop| stop.node == node && is_within(stop.at))
    };
    let missing = stops.filter(|(window, fault)| !is_recorded(window, &fault.target));
    missing.map(|(_, fault)| format!("{}: no exit status was recorded", fault.target)).collect()
}

/// Names the nodes: a node that a fault stopped is asked again at the end, and others of the system are killed then.
fn summary(timeline: &Timeline, slowest: &Stop) -> String {
    let nodes: BTreeSet<&str> = timeline.stops.iter().map(|stop| stop.node.as_str()).collect();
    let nodes = words::names(nodes.into_iter(), "nodes");
    let (node, took) = (&slowest.node, Elapsed::from_micros(slowest.took));
    let slowest = match timeline.stops.len() {
        1 => format!("it took {took}"),
        _ => format!("the slowest, {node}, took {took}"),
    };
    format!("{nodes}: stopped when asked to, with a promised exit code; {slowest}")
}
