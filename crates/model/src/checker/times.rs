//! Time to detect a fault and time to recover from it.

use crate::history::{NodeChange, Outcome};
use crate::timeline::Operation;
use crate::timeline::{FaultWindow, NodeEvent, Timeline};

/// Operations that must be ok in a row for a path to count as recovered.
// A single success may come from a connection that survived; a row of them shows that the path carries its load again.
pub const IN_A_ROW: usize = 10;

/// Returns the time to detect a fault, in microseconds: from its injection to the first operation that is not `ok` on an
/// affected path, or to the first other node that is no longer ready.
#[must_use]
// The target itself is left out: that a killed node is not ready is the fault, and no sign that anybody noticed it.
pub fn detect(timeline: &Timeline, window: &FaultWindow) -> Option<u64> {
    let failed = timeline.operations().iter().filter(|operation| {
        window.affected.contains(&operation.path)
            && operation.outcome != Some(Outcome::Ok)
            && window.touches(operation)
    });
    let target = timeline.run.schedule.faults.get(window.index).map(|fault| fault.target.as_str());
    let is_symptom = |event: &&NodeEvent| {
        Some(event.node.as_str()) != target && matches!(event.change, NodeChange::NotReady(_))
    };
    let nodes = timeline.nodes.iter().filter(is_symptom).map(|event| event.at);
    let symptoms = failed.map(Operation::last_seen).chain(nodes);
    symptoms
        .filter(|at| *at >= window.begin && *at <= window.end())
        .min()
        .map(|at| positive(at - window.begin))
}

/// Returns the time in which a path recovered, in microseconds: from healing to the end of the first operation due after
/// it that was ok and followed by others that were. None if it never did, or if nothing was due any more.
#[must_use]
pub fn recover(timeline: &Timeline, window: &FaultWindow, path: &str) -> Option<u64> {
    let heal = window.heal?;
    let later: Vec<&Operation> = timeline.of_path(path).filter(|operation| operation.due >= heal).collect();
    let ok = |operation: &Operation| operation.outcome == Some(Outcome::Ok);
    // At the end of the load fewer than ten are enough: nothing else was due that could show more.
    let first =
        (0..later.len()).find(|&from| later[from..].iter().take(IN_A_ROW).all(|operation| ok(operation)))?;
    Some(positive(later[first].last_seen() - heal))
}

/// Converts a difference of times; one that a clock made negative counts as 0.
pub(super) fn positive(micros: i64) -> u64 {
    u64::try_from(micros).unwrap_or(0)
}
