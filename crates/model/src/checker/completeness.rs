//! Judges whether the run finished, did something, and every node lived and was ready to the end.

use std::collections::BTreeMap;

use super::verdict::{Check, Verdict};
use crate::history::run_info::WITH_ENDS;
use crate::history::{NodeChange, Outcome};
use crate::timeline::Timeline;

/// The check `complete`.
#[must_use]
// A run that was cut short, sent nothing or lost a node without a fault proves nothing about the faults, whatever the
// other checks say.
pub fn check(timeline: &Timeline) -> Check {
    let nodes = Nodes::new(timeline);
    // The worst first: a node that died fails a run that was interrupted, too.
    let (verdict, detail) = if !nodes.failed.is_empty() {
        (Verdict::Fail, list(&nodes.failed))
    } else if !nodes.lost.is_empty() {
        (Verdict::Unknown, list(&nodes.lost))
    } else if timeline.end.is_none() {
        (Verdict::Unknown, "the run did not finish".to_owned())
    } else if timeline.end.is_some_and(|(_, interrupted)| interrupted) {
        (Verdict::Unknown, "the run was interrupted".to_owned())
    // Earlier labs did not ask at the end, and their runs are judged as they were.
    } else if timeline.readiness.is_none() && timeline.run.version >= WITH_ENDS {
        (Verdict::Unknown, "the readiness of the nodes was not checked at the end".to_owned())
    } else if !timeline.operations().iter().any(|operation| operation.outcome == Some(Outcome::Ok)) {
        (Verdict::Unknown, format!("none of {} operations was ok", timeline.operations().len()))
    } else {
        let ready = ready_at_the_end(timeline);
        (Verdict::Pass, format!("the run finished with {} operations{ready}", timeline.operations().len()))
    };
    Check::new("complete", verdict, detail)
}

/// Nodes that failed without a fault, each with one reason.
#[derive(Default)]
// By name: a node may appear in several events and again at the end, and one reason is enough.
struct Nodes<'a> {
    failed: BTreeMap<&'a str, String>,
    lost: BTreeMap<&'a str, String>,
}

impl<'a> Nodes<'a> {
    fn new(timeline: &'a Timeline) -> Self {
        let mut nodes = Self::default();
        for (node, change) in timeline.readiness.iter().flatten() {
            if let NodeChange::NotReady(waits) = change {
                nodes.failed.insert(node, format!("{node} was not ready at the end ({waits})"));
            }
            nodes.add(node, change);
        }
        for event in &timeline.nodes {
            nodes.add(&event.node, &event.change);
        }
        nodes
    }

    fn add(&mut self, node: &'a str, change: &NodeChange) {
        match change {
            NodeChange::Died(how) => {
                self.failed.insert(node, format!("{node} died without a fault ({how})"));
            }
            NodeChange::Lost(how) => {
                self.lost.insert(node, format!("{node} became unreachable ({how})"));
            }
            // While the run goes on, a fault may be the reason. Only at the end every node must be ready.
            NodeChange::Ready | NodeChange::NotReady(_) => {}
        }
    }
}

/// Describes the readiness of the nodes at the end; nothing where no history says so.
fn ready_at_the_end(timeline: &Timeline) -> String {
    let Some(ready) = &timeline.readiness else { return String::new() };
    // A node that a fault left down or paused was not asked.
    let nodes = timeline.run.system.nodes.iter().map(String::as_str);
    let unasked: Vec<&str> = nodes.filter(|node| !ready.contains_key(*node)).collect();
    match unasked.as_slice() {
        [] => "; every node was ready at the end".to_owned(),
        unasked => format!("; every node but {} was ready at the end", unasked.join(", ")),
    }
}

fn list(reasons: &BTreeMap<&str, String>) -> String {
    reasons.values().map(String::as_str).collect::<Vec<_>>().join(", ")
}
