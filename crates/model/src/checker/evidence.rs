//! Whether the faults had their effect, and lost it when they were undone. Without evidence a run proves
//! nothing: `unknown`.

use super::verdict::{Check, Verdict};
use crate::history::FaultStage;
use crate::timeline::{FaultWindow, Timeline};

/// The check `evidence`; none where the schedule has no faults.
#[must_use]
pub fn check(timeline: &Timeline) -> Option<Check> {
    let planned = timeline.run.schedule.faults.len();
    if planned == 0 {
        return None;
    }
    let mut doubts: Vec<String> =
        timeline.faults.windows().iter().filter_map(|window| doubt(window)).collect();
    let absent = planned - timeline.faults.windows().len().min(planned);
    if absent > 0 {
        doubts.push(format!("{absent} of {planned} faults were not begun"));
    }
    let (verdict, detail) = match doubts.is_empty() {
        true => (Verdict::Pass, format!("every fault ({planned}) had its effect and lost it when undone")),
        false => (Verdict::Unknown, doubts.join("; ")),
    };
    Some(Check::new("evidence", verdict, detail))
}

/// Returns the evidence that a fault lacks; none if it is complete.
fn doubt(window: &FaultWindow) -> Option<String> {
    let name = window.name.clone();
    if window.broken {
        let why = window.evidence.iter().find(|(stage, _)| *stage == FaultStage::Broken);
        return Some(format!(
            "{name}: {}",
            why.map_or("it could not be done", |(_, seen)| seen.what.as_str())
        ));
    }
    if let Some((_, seen)) = window.evidence.iter().find(|(_, seen)| !seen.shown) {
        return Some(format!("{name}: not seen: {}", seen.what));
    }
    for (stage, what) in [(FaultStage::Active, "that it acted"), (FaultStage::Undone, "that it was undone")] {
        if !window.evidence.iter().any(|(seen_at, _)| *seen_at == stage) {
            return Some(format!("{name}: nothing shows {what}"));
        }
    }
    None
}
