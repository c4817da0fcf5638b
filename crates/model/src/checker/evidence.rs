//! Whether the faults had their effect, and lost it when they were undone. Without evidence a run proves
//! nothing: `unknown`.

use super::figures::name_of;
use super::verdict::{Check, Verdict};
use super::view::{View, Window};
use crate::history::FaultStage;

/// The check `evidence`; none where the schedule has no faults.
#[must_use]
pub fn check(view: &View<'_>) -> Option<Check> {
    let planned = view.run.schedule.faults.len();
    if planned == 0 {
        return None;
    }
    let mut doubts: Vec<String> = view.windows.iter().filter_map(|window| doubt(view, window)).collect();
    let absent = planned - view.windows.len().min(planned);
    if absent > 0 {
        doubts.push(format!("{absent} of {planned} faults were not begun"));
    }
    let (verdict, detail) = match doubts.is_empty() {
        true => (Verdict::Pass, format!("every fault ({planned}) had its effect and lost it when undone")),
        false => (Verdict::Unknown, doubts.join("; ")),
    };
    Some(Check::new("evidence", verdict, detail))
}

/// What is missing for a fault to be believed.
fn doubt(view: &View<'_>, window: &Window) -> Option<String> {
    let name = name_of(view, window.index);
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
