//! Judges whether each node that was asked to stop ended with the exit status that its maker promises, in its time.

use super::verdict::{Check, Verdict};
use super::view::View;
use crate::history::Stop;
use crate::history::event::WITH_ENDS;
use crate::scenario::FaultKind;

/// The check `stopped`; none where no node was asked to stop.
#[must_use]
pub fn check(view: &View<'_>) -> Option<Check> {
    let worse = list(view, Some(false));
    let unseen: Vec<String> = list(view, None).into_iter().chain(missing(view)).collect();
    let (verdict, detail) = match (view.stops.iter().max_by_key(|stop| stop.took), worse.is_empty()) {
        (_, false) => (Verdict::Fail, worse.join("; ")),
        (_, true) if !unseen.is_empty() => (Verdict::Unknown, unseen.join("; ")),
        (Some(slowest), true) => (Verdict::Pass, summary(view.stops.len(), slowest)),
        (None, true) => return None,
    };
    Some(Check::new("stopped", verdict, detail))
}

fn list(view: &View<'_>, in_order: Option<bool>) -> Vec<String> {
    view.stops.iter().filter(|stop| stop.is_in_order() == in_order).map(ToString::to_string).collect()
}

/// Faults that stopped a node of which nothing tells how it ended. Labs before [`WITH_ENDS`] did not tell.
fn missing(view: &View<'_>) -> Vec<String> {
    if view.run.version < WITH_ENDS {
        return Vec::new();
    }
    let active = view.windows.iter().filter(|window| window.active.is_some());
    let faults = active.filter_map(|window| view.run.schedule.faults.get(window.index));
    let stops = faults.filter(|fault| fault.kind == FaultKind::Stop);
    let missing = stops.filter(|fault| !view.stops.iter().any(|stop| stop.node == fault.target));
    missing.map(|fault| format!("{}: nothing tells how it ended", fault.target)).collect()
}

fn summary(count: usize, slowest: &Stop) -> String {
    let (node, seconds) = (&slowest.node, slowest.took as f64 / 1_000_000.0);
    format!("{count} with the exit status that is promised; the slowest, {node}, took {seconds:.1} s")
}
