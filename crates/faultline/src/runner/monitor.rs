//! Watches the nodes during a run: when one says that it is no longer ready, when it is again, and when one
//! dies that nobody killed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};

use super::recorder::Teller;
use crate::history::{Event, NodeChange};
use crate::load::engine::now;
use crate::stack::{NodeState, Stack};

/// How often it looks.
const EVERY: Duration = Duration::from_millis(100);

/// Watches until dropped.
pub(super) async fn watch(stack: Arc<Stack>, teller: Teller, start: Instant) {
    let mut last: BTreeMap<String, NodeChange> =
        stack.topology().nodes.keys().map(|node| (node.clone(), NodeChange::Ready)).collect();
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let looks = last.iter().map(|(node, before)| look(&stack, node, before));
        for (node, change) in futures::future::join_all(looks).await.into_iter().flatten() {
            last.insert(node.clone(), change.clone());
            teller.record(Event::Node { node, at: now(start), change }).await;
        }
    }
}

/// What became of a node since the last look, if anything.
async fn look(stack: &Stack, node: &str, before: &NodeChange) -> Option<(String, NodeChange)> {
    let change = match stack.provider().state(node) {
        NodeState::Ended(how) => NodeChange::Died(how),
        NodeState::Lost(how) => NodeChange::Lost(how),
        NodeState::Absent | NodeState::Down(_) | NodeState::Paused(_) => return None,
        // Servers bring their own way, which is too dear to go this often.
        NodeState::Running(_) if stack.topology().nodes.get(node)?.ready.is_none() => return None,
        NodeState::Running(_) => match stack.ready(node).await {
            Ok(()) => NodeChange::Ready,
            Err(waits) => NodeChange::NotReady(waits),
        },
    };
    // What it waits for may change its words; that it waits is one change.
    let same = std::mem::discriminant(&change) == std::mem::discriminant(before);
    (!same).then(|| (node.to_owned(), change))
}
