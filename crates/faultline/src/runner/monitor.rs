//! Watches the nodes during a run: when one says that it is no longer ready, when it is again, and when one
//! dies that nobody killed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};

use super::recorder::Teller;
use crate::history::{Event, NodeChange};
use crate::load::engine::now;
use crate::stack::{NodeState, Stack, StackError};

/// How often it looks.
const EVERY: Duration = Duration::from_millis(100);

/// Longest time that a node may take to say that it is ready when the run is at its end.
const PATIENCE: Duration = Duration::from_secs(5);

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

/// Asks every node whether it is ready, servers too. One that a fault left down or paused is not asked: what the lab
/// could not undo says nothing of the system.
pub(super) async fn readiness(stack: &Stack) -> BTreeMap<String, NodeChange> {
    let until = Instant::now() + PATIENCE;
    let nodes = stack.topology().nodes.keys();
    let answers = nodes.map(|node| async move { Some((node.clone(), ask(stack, node, until).await?)) });
    futures::future::join_all(answers).await.into_iter().flatten().collect()
}

/// Asks one node; none where the lab has ended or paused it.
async fn ask(stack: &Stack, node: &str, until: Instant) -> Option<NodeChange> {
    let is_up = |state| !matches!(state, NodeState::Absent | NodeState::Down(_) | NodeState::Paused(_));
    if !is_up(stack.provider().state(node)) {
        return None;
    }
    let ready = stack.wait_ready(node, until).await;
    Some(match (stack.provider().state(node), ready) {
        (NodeState::Ended(how), _) => NodeChange::Died(how),
        (NodeState::Lost(how), _) => NodeChange::Lost(how),
        (_, Ok(())) => NodeChange::Ready,
        (_, Err(StackError::NotReady { waits, .. })) => NodeChange::NotReady(waits),
        (_, Err(error)) => NodeChange::NotReady(error.to_string()),
    })
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
