//! Judges the time to recover from faults, and the time to drain: to store everything that was acknowledged.

use std::collections::BTreeSet;

use super::coverage;
use super::figures::FaultFigures;
use super::times::positive;
use super::verdict::{Check, Verdict};
use super::words;
use crate::elapsed::Elapsed;
use crate::timeline::{Drain, Timeline};

/// Returns the time to drain, in milliseconds: from the end of the load and of all faults until every acknowledged entry
/// was stored; none if that was not observed.
#[must_use]
pub fn drain_ms(timeline: &Timeline) -> Option<u64> {
    let drain = timeline.stores.drain.as_ref().filter(|drain| drain.done)?;
    // A fault may outlast the load, and entries may have to wait until it is over.
    let quiet = timeline.faults.windows().iter().filter_map(|window| window.ready).max();
    let from = timeline.load_ended?.max(quiet.unwrap_or(i64::MIN));
    Some(positive(drain.at - from) / 1000)
}

/// Makes the checks `recovered` and `drained`.
#[must_use]
pub fn checks(timeline: &Timeline, faults: &[FaultFigures]) -> Vec<Check> {
    let mut checks = Vec::new();
    if !faults.is_empty() {
        checks.push(recovered(timeline, faults));
    }
    // A run that writes nothing has nothing to drain.
    if !timeline.run.stored_in.is_empty() || !coverage::not_checked(timeline).is_empty() {
        checks.push(drained(timeline));
    }
    checks
}

fn recovered(timeline: &Timeline, faults: &[FaultFigures]) -> Check {
    let allowed = timeline.run.schedule.expect.recovers_within;
    let limit = Elapsed::from_micros(allowed.micros());
    // A fault that the lab could not inject or heal says nothing about the system's recovery.
    let (broken, complete): (Vec<_>, Vec<_>) =
        // The figures were made from the windows, one for one, so the two lists fit.
        faults.iter().zip(timeline.faults.windows()).partition(|(_, window)| window.broken);
    let complete: Vec<&FaultFigures> = complete.into_iter().map(|(fault, _)| fault).collect();
    let slow: Vec<String> = complete
        .iter()
        .flat_map(|fault| {
            let loaded = load_was_long_enough(timeline, fault);
            fault.recover_ms.iter().filter_map(move |(path, ms)| match ms {
                Some(ms) if ms * 1000 > allowed.micros() => {
                    Some(format!("{path} took {} after {}", Elapsed::from_millis(*ms), fault.what))
                }
                // A path that was loaded for a shorter time may still recover: that is unknown and not slow.
                None if loaded => Some(format!("{path} did not recover after {}", fault.what)),
                _ => None,
            })
        })
        .chain(
            complete
                .iter()
                .filter(|fault| fault.ready_ms.is_none())
                .map(|fault| format!("not every node became ready after {}", fault.what)),
        )
        .collect();
    let unknown: Vec<String> = complete
        .iter()
        .filter(|fault| !load_was_long_enough(timeline, fault))
        .flat_map(|fault| {
            let unseen = fault.recover_ms.iter().filter(|(_, ms)| ms.is_none());
            unseen.map(|(path, _)| format!("{path} after {}", fault.what))
        })
        .collect();
    let slowest = complete.iter().flat_map(|fault| fault.recover_ms.values().flatten()).max();
    let broken: Vec<&str> = broken.iter().map(|(fault, _)| fault.what.as_str()).collect();
    let detail = match (slow.is_empty(), slowest) {
        (true, _) if !broken.is_empty() => {
            format!(
                "nothing is known after faults that could not be injected or healed: {}",
                broken.join(", ")
            )
        }
        (true, _) if !unknown.is_empty() => {
            format!(
                "the load ended less than {limit} after healing, recovery not observed: {}",
                unknown.join(", ")
            )
        }
        (false, _) => format!("not recovered within {limit}: {}", slow.join(", ")),
        (true, Some(ms)) => {
            let paths: BTreeSet<&str> =
                complete.iter().flat_map(|fault| fault.recover_ms.keys()).map(String::as_str).collect();
            let paths = words::names(paths.into_iter(), "paths");
            format!("{paths}: recovered within {} of healing (limit {limit})", Elapsed::from_millis(*ms))
        }
        (true, None) => "no loaded path depends on a fault's target".to_owned(),
    };
    let known = if broken.is_empty() && unknown.is_empty() { Verdict::Pass } else { Verdict::Unknown };
    // The worse of the two: a path that was too slow fails, whatever is unknown of others.
    Check::new("recovered", known.max(Verdict::in_time(timeline, slow.is_empty())), detail)
}

/// Tells whether the load lasted as long as the system may take to recover.
fn load_was_long_enough(timeline: &Timeline, fault: &FaultFigures) -> bool {
    // No longer load would have shown a recovery from a fault that was never healed.
    let Some(heal) = fault.heal_ms else { return true };
    let limit = timeline.run.schedule.expect.recovers_within.micros() / 1000;
    timeline.load_ended.is_some_and(|ended| positive(ended / 1000 - heal) >= limit)
}

fn drained(timeline: &Timeline) -> Check {
    let limit = Elapsed::from_micros(timeline.run.schedule.expect.drains_within.micros());
    let (verdict, detail) = match (&timeline.stores.drain, drain_ms(timeline)) {
        // Empty queues alone do not show that anything was stored.
        (_, Some(_)) if timeline.run.stored_in.is_empty() => (Verdict::NotChecked, String::new()),
        (_, Some(ms)) => {
            // The last reading may begin before the limit and end after it.
            let is_late = ms * 1000 > timeline.run.schedule.expect.drains_within.micros();
            let verdict = if is_late { Verdict::Fail } else { coverage::verdict(timeline) };
            (verdict, format!("drained in {} (limit {limit})", Elapsed::from_millis(ms)))
        }
        (None, None) => (Verdict::Unknown, "the run ended before the drain".to_owned()),
        (Some(Drain { missing: None, .. }), None) => {
            (Verdict::Unknown, "a store could not be read".to_owned())
        }
        (Some(Drain { missing: Some(0), unread: Some(queue), .. }), None) => {
            (Verdict::Unknown, format!("the queue {queue} could not be read"))
        }
        (Some(Drain { missing: Some(missing), waiting, .. }), None) => {
            let detail =
                format!("not drained within {limit}: {missing} entries missing, {waiting} messages waiting");
            (Verdict::Fail, detail)
        }
    };
    let note = coverage::note(timeline).filter(|_| verdict == Verdict::NotChecked);
    let parts = [Some(detail).filter(|detail| !detail.is_empty()), note];
    Check::new("drained", verdict, parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
}
