//! Whether the run came to its end, did something, and no node died that no fault killed.

use super::verdict::{Check, Verdict};
use super::view::View;
use crate::history::{NodeChange, Outcome};

/// The check `complete`.
#[must_use]
pub fn check(view: &View<'_>) -> Check {
    let (mut died, mut lost) = (Vec::new(), Vec::new());
    for (_, node, change) in &view.nodes {
        match change {
            NodeChange::Died(how) => died.push(format!("{node} died by itself ({how})")),
            NodeChange::Lost(how) => lost.push(format!("{node} went out of sight ({how})")),
            NodeChange::Ready | NodeChange::NotReady(_) => {}
        }
    }
    let (verdict, detail) = if !died.is_empty() {
        (Verdict::Fail, died.join(", "))
    } else if !lost.is_empty() {
        (Verdict::Unknown, lost.join(", "))
    } else if view.end.is_none() {
        (Verdict::Unknown, "the run did not come to its end".to_owned())
    } else if view.end.is_some_and(|(_, interrupted)| interrupted) {
        (Verdict::Unknown, "the run was interrupted".to_owned())
    } else if !view.operations.iter().any(|operation| operation.outcome == Some(Outcome::Ok)) {
        (Verdict::Unknown, format!("none of {} operations was ok", view.operations.len()))
    } else {
        (Verdict::Pass, format!("{} operations, to the end", view.operations.len()))
    };
    Check::new("complete", verdict, detail)
}
