//! Judges whether each node that was asked to stop ended in time, with an exit code that its program promises.

use super::verdict::{Check, Verdict};
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
        (Some(slowest), true) => (Verdict::Pass, summary(timeline.stops.len(), slowest)),
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

fn summary(count: usize, slowest: &Stop) -> String {
    // Named as asked, since the others of the system are killed at its end.
    let nodes = if count == 1 { "node was" } else { "nodes were" };
    let (node, took) = (&slowest.node, Elapsed::from_micros(slowest.took));
    format!(
        "{count} {nodes} asked to stop and ended with a promised exit code; the slowest, {node}, took {took}"
    )
}
