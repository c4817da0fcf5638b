//! Judges whether the run came to its end, did something, and every node lived and was ready to the very end.

use std::collections::BTreeMap;

use super::verdict::{Check, Verdict};
use crate::history::event::WITH_ENDS;
use crate::history::{NodeChange, Outcome};
use crate::timeline::Timeline;

/// The check `complete`.
#[must_use]
pub fn check(timeline: &Timeline) -> Check {
    let nodes = Nodes::of(timeline);
    let (verdict, detail) = if !nodes.failed.is_empty() {
        (Verdict::Fail, list(&nodes.failed))
    } else if !nodes.lost.is_empty() {
        (Verdict::Unknown, list(&nodes.lost))
    } else if timeline.end.is_none() {
        (Verdict::Unknown, "the run did not come to its end".to_owned())
    } else if timeline.end.is_some_and(|(_, interrupted)| interrupted) {
        (Verdict::Unknown, "the run was interrupted".to_owned())
    } else if timeline.readiness.is_none() && timeline.run.version >= WITH_ENDS {
        (Verdict::Unknown, "no node was asked at the end whether it was ready".to_owned())
    } else if !timeline.operations().iter().any(|operation| operation.outcome == Some(Outcome::Ok)) {
        (Verdict::Unknown, format!("none of {} operations was ok", timeline.operations().len()))
    } else {
        (Verdict::Pass, format!("{} operations, to the end", timeline.operations().len()))
    };
    Check::new("complete", verdict, detail)
}

/// Nodes that no fault ended and that did not live to the end, each told once.
#[derive(Default)]
struct Nodes<'a> {
    failed: BTreeMap<&'a str, String>,
    lost: BTreeMap<&'a str, String>,
}

impl<'a> Nodes<'a> {
    fn of(timeline: &'a Timeline) -> Self {
        let mut nodes = Self::default();
        for (node, change) in timeline.readiness.iter().flatten() {
            if let NodeChange::NotReady(waits) = change {
                nodes.failed.insert(node, format!("{node} was not ready at the end ({waits})"));
            }
            nodes.take(node, change);
        }
        for event in &timeline.nodes {
            nodes.take(&event.node, &event.change);
        }
        nodes
    }

    fn take(&mut self, node: &'a str, change: &NodeChange) {
        match change {
            NodeChange::Died(how) => {
                self.failed.insert(node, format!("{node} died by itself ({how})"));
            }
            NodeChange::Lost(how) => {
                self.lost.insert(node, format!("{node} went out of sight ({how})"));
            }
            NodeChange::Ready | NodeChange::NotReady(_) => {}
        }
    }
}

fn list(told: &BTreeMap<&str, String>) -> String {
    told.values().map(String::as_str).collect::<Vec<_>>().join(", ")
}
