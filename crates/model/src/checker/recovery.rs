//! How soon a fault was noticed, how soon every path worked again after it was undone, and how soon what
//! was acknowledged was stored.

use super::coverage;
use super::figures::FaultFigures;
use super::verdict::{Check, Verdict};
use crate::history::{NodeChange, Outcome};
use crate::timeline::Operation;
use crate::timeline::{Drain, FaultWindow, NodeEvent, Timeline};

/// Operations that must be ok in a row for a path to count as working again.
pub const IN_A_ROW: usize = 10;

/// Time from a fault's beginning to its first sign, in microseconds: an operation that did not end `ok` on
/// a path that depends on what is faulty, or another node that said it was no longer ready.
#[must_use]
pub fn detect(timeline: &Timeline, window: &FaultWindow) -> Option<u64> {
    let failed = timeline.operations().iter().filter(|operation| {
        window.affected.contains(&operation.path)
            && operation.outcome != Some(Outcome::Ok)
            && window.touches(operation)
    });
    let target = timeline.run.schedule.faults.get(window.index).map(|fault| fault.target.as_str());
    let is_sign = |event: &&NodeEvent| {
        Some(event.node.as_str()) != target && matches!(event.change, NodeChange::NotReady(_))
    };
    let nodes = timeline.nodes.iter().filter(is_sign).map(|event| event.at);
    let signs = failed.map(Operation::last_seen).chain(nodes);
    signs.filter(|at| *at >= window.begin && *at <= window.end()).min().map(|at| positive(at - window.begin))
}

/// Time from the undoing of a fault until a path worked again, in microseconds: to the end of the first
/// operation due after the undoing that was ok and followed by others that were. None if it never did, or
/// if nothing was due any more.
#[must_use]
pub fn recover(timeline: &Timeline, window: &FaultWindow, path: &str) -> Option<u64> {
    let undo = window.heal?;
    let later: Vec<&Operation> = timeline.of_path(path).filter(|operation| operation.due >= undo).collect();
    let ok = |operation: &Operation| operation.outcome == Some(Outcome::Ok);
    let first =
        (0..later.len()).find(|&from| later[from..].iter().take(IN_A_ROW).all(|operation| ok(operation)))?;
    Some(positive(later[first].last_seen() - undo))
}

/// Time from the end of the load and of all faults until every acknowledged entry was stored, in
/// milliseconds; none if that was not seen.
#[must_use]
pub fn drain_ms(timeline: &Timeline) -> Option<u64> {
    let drain = timeline.stores.drain.as_ref().filter(|drain| drain.done)?;
    let quiet = timeline.faults.windows().iter().filter_map(|window| window.ready).max();
    let from = timeline.load_ended?.max(quiet.unwrap_or(i64::MIN));
    Some(positive(drain.at - from) / 1000)
}

/// The checks `recovered` and `drained`.
#[must_use]
pub fn checks(timeline: &Timeline, faults: &[FaultFigures]) -> Vec<Check> {
    let mut checks = Vec::new();
    if !faults.is_empty() {
        checks.push(recovered(timeline, faults));
    }
    if !timeline.run.stored_in.is_empty() || !coverage::not_checked(timeline).is_empty() {
        checks.push(drained(timeline));
    }
    checks
}

fn recovered(timeline: &Timeline, faults: &[FaultFigures]) -> Check {
    let limit = timeline.run.schedule.expect.recovers_within;
    // What the lab could not do, or not undo, says nothing of the system's recovery.
    let (broken, judged): (Vec<_>, Vec<_>) =
        faults.iter().zip(timeline.faults.windows()).partition(|(_, window)| window.broken);
    let judged: Vec<&FaultFigures> = judged.into_iter().map(|(fault, _)| fault).collect();
    let slow: Vec<String> = judged
        .iter()
        .flat_map(|fault| {
            let asked = asked_long_enough(timeline, fault);
            fault.recover_ms.iter().filter_map(move |(path, ms)| match ms {
                Some(ms) if ms * 1000 > limit.micros() => {
                    Some(format!("{path} took {ms} ms after {}", fault.what))
                }
                None if asked => Some(format!("{path} was not seen to work after {}", fault.what)),
                _ => None,
            })
        })
        .chain(
            judged
                .iter()
                .filter(|fault| fault.ready_ms.is_none())
                .map(|fault| format!("the system was not ready again after {}", fault.what)),
        )
        .collect();
    let unasked: Vec<String> = judged
        .iter()
        .filter(|fault| !asked_long_enough(timeline, fault))
        .flat_map(|fault| {
            let unseen = fault.recover_ms.iter().filter(|(_, ms)| ms.is_none());
            unseen.map(|(path, _)| format!("{path} after {}", fault.what))
        })
        .collect();
    let slowest = judged.iter().flat_map(|fault| fault.recover_ms.values().flatten()).max();
    let broken: Vec<&str> = broken.iter().map(|(fault, _)| fault.what.as_str()).collect();
    let detail = match (slow.is_empty(), slowest) {
        (true, _) if !broken.is_empty() => format!("nothing is known after {}", broken.join(", ")),
        (true, _) if !unasked.is_empty() => {
            format!(
                "the load ended before {limit} were over, until then not seen to work: {}",
                unasked.join(", ")
            )
        }
        (false, _) => format!("not within {limit}: {}", slow.join(", ")),
        (true, Some(ms)) => format!("every path within {ms} ms of the undoing; {limit} allowed"),
        (true, None) => "no path depends on what was faulty".to_owned(),
    };
    let known = if broken.is_empty() && unasked.is_empty() { Verdict::Pass } else { Verdict::Unknown };
    Check::new("recovered", known.max(Verdict::in_time(timeline, slow.is_empty())), detail)
}

/// Tells whether the load lasted as long as the system may take to recover.
fn asked_long_enough(timeline: &Timeline, fault: &FaultFigures) -> bool {
    let Some(undo) = fault.undo_ms else { return true };
    let limit = timeline.run.schedule.expect.recovers_within.micros() / 1000;
    timeline.load_ended.is_some_and(|ended| positive(ended / 1000 - undo) >= limit)
}

fn drained(timeline: &Timeline) -> Check {
    let limit = timeline.run.schedule.expect.drains_within;
    let (verdict, detail) = match (&timeline.stores.drain, drain_ms(timeline)) {
        (_, Some(_)) if timeline.run.stored_in.is_empty() => (Verdict::NotChecked, String::new()),
        (_, Some(ms)) => (coverage::verdict(timeline), format!("in {ms} ms; {limit} allowed")),
        (None, None) => (Verdict::Unknown, "the run ended before".to_owned()),
        (Some(Drain { missing: None, .. }), None) => {
            (Verdict::Unknown, "a store could not be read".to_owned())
        }
        (Some(Drain { missing: Some(0), unread: Some(queue), .. }), None) => {
            (Verdict::Unknown, format!("the queue {queue} could not be read"))
        }
        (Some(Drain { missing: Some(missing), waiting, .. }), None) => {
            let told =
                format!("not within {limit}; {missing} entries were missing, {waiting} messages waited");
            (Verdict::Fail, told)
        }
    };
    let note = coverage::note(timeline).filter(|_| verdict == Verdict::NotChecked);
    let parts = [Some(detail).filter(|detail| !detail.is_empty()), note];
    Check::new("drained", verdict, parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
}

/// Microseconds of a difference that clocks can't make negative.
pub(super) fn positive(micros: i64) -> u64 {
    u64::try_from(micros).unwrap_or(0)
}
