//! Judges whether there is evidence that each fault took effect and was healed. Without evidence a run proves
//! nothing: `unknown`.

use super::verdict::{Check, Verdict};
use crate::history::FaultStage;
use crate::timeline::{FaultWindow, Timeline};

/// Makes the check `evidence`; none where the schedule has no faults.
#[must_use]
// A fault that silently had no effect would otherwise make every system look robust.
pub fn check(timeline: &Timeline) -> Option<Check> {
    let planned = timeline.run.schedule.faults.len();
    if planned == 0 {
        return None;
    }
    let mut doubts: Vec<String> = timeline.faults.windows().iter().filter_map(doubt).collect();
    let absent = planned - timeline.faults.windows().len().min(planned);
    if absent > 0 {
        doubts.push(format!("{absent} of {planned} faults were not injected"));
    }
    let (verdict, detail) = match (doubts.is_empty(), planned) {
        (true, 1) => (Verdict::Pass, "the fault took effect and was healed".to_owned()),
        (true, _) => (Verdict::Pass, format!("all {planned} faults took effect and were healed")),
        (false, _) => (Verdict::Unknown, doubts.join("; ")),
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
            why.map_or("it could not be injected or healed", |(_, seen)| seen.what.as_str())
        ));
    }
    if let Some((_, seen)) = window.evidence.iter().find(|(_, seen)| !seen.shown) {
        return Some(format!("{name}: not observed: {}", seen.what));
    }
    // Both: a fault that may still be active makes the time to recover meaningless.
    for (stage, what) in [(FaultStage::Active, "it took effect"), (FaultStage::Healed, "it was healed")] {
        if !window.evidence.iter().any(|(seen_at, _)| *seen_at == stage) {
            return Some(format!("{name}: no evidence that {what}"));
        }
    }
    None
}
