//! Watches the nodes during a run, and reports when one is no longer ready, is ready again, or dies by itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, MissedTickBehavior};

use crate::history::{Event, NodeChange};
use crate::load::now;
use crate::runner::recorder::EventSender;
use crate::stack::{NodeState, Stack, StackError};

/// Interval between two checks.
const EVERY: Duration = Duration::from_millis(100);

/// Longest time that a node may take to be ready at the end of the run.
// A check that fails by chance on a busy machine must not fail the run.
const PATIENCE: Duration = Duration::from_secs(5);

/// Watch over the readiness of the nodes of a run.
#[derive(Debug)]
pub(in crate::runner) struct NodeWatch {
    stack: Arc<Stack>,
    sender: EventSender,
    start: Instant,
    /// State of each node at its last check.
    last: Mutex<BTreeMap<String, NodeChange>>,
}

impl NodeWatch {
    /// Makes the watch of a run whose load starts at `start`.
    pub(in crate::runner) fn new(stack: Arc<Stack>, sender: EventSender, start: Instant) -> Self {
        // A run begins on a system that is ready, so only what differs from that is a change.
        let nodes = stack.topology().nodes.keys();
        let last = Mutex::new(nodes.map(|node| (node.clone(), NodeChange::Ready)).collect());
        Self { stack, sender, start, last }
    }

    /// Checks the nodes at intervals, until dropped.
    pub(in crate::runner) async fn run(&self) {
        let mut ticks = tokio::time::interval(EVERY);
        // A slow check must not be followed by a burst of checks.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.check().await;
        }
    }

    /// Checks every node now, and records changes; returns the first node whose check fails, with its answer.
    pub(in crate::runner) async fn check(&self) -> Option<(String, String)> {
        let mut last = self.last.lock().await;
        // Side by side, so that a round takes no longer than its slowest check.
        let checks = last.iter().map(|(node, before)| change(&self.stack, node, before));
        for (node, change) in futures::future::join_all(checks).await.into_iter().flatten() {
            // Recorded before it is remembered: a check that is dropped in between is made again.
            let event = Event::Node { node: node.clone(), at: now(self.start), change: change.clone() };
            self.sender.record(event).await;
            last.insert(node, change);
        }
        last.iter().find_map(|(node, change)| match change {
            NodeChange::NotReady(waits) => Some((node.clone(), waits.clone())),
            _ => None,
        })
    }
}

/// Checks the readiness of every node, servers too.
pub(in crate::runner) async fn readiness(stack: &Stack) -> BTreeMap<String, NodeChange> {
    let until = Instant::now() + PATIENCE;
    let nodes = stack.topology().nodes.keys();
    let readiness = nodes.map(|node| async move { Some((node.clone(), ask(stack, node, until).await?)) });
    futures::future::join_all(readiness).await.into_iter().flatten().collect()
}

/// Checks one node; none where the lab has ended or paused it.
async fn ask(stack: &Stack, node: &str, until: Instant) -> Option<NodeChange> {
    // A node that a fault left down or paused is not asked: what the lab could not heal says nothing of the system.
    let is_up = |state| !matches!(state, NodeState::Absent | NodeState::Down(_) | NodeState::Paused(_));
    if !is_up(stack.provider().state(node)) {
        return None;
    }
    let ready = stack.wait_ready(node, until).await;
    Some(match (stack.provider().state(node), ready) {
        // The state first: a node may die right after a good answer.
        (NodeState::Ended(how), _) => NodeChange::Died(how),
        (NodeState::Lost(how), _) => NodeChange::Lost(how),
        (_, Ok(())) => NodeChange::Ready,
        (_, Err(StackError::NotReady { waits, .. })) => NodeChange::NotReady(waits),
        (_, Err(error)) => NodeChange::NotReady(error.to_string()),
    })
}

/// Compares a node with its last check; none without a change.
async fn change(stack: &Stack, node: &str, before: &NodeChange) -> Option<(String, NodeChange)> {
    let change = match stack.provider().state(node) {
        NodeState::Ended(how) => NodeChange::Died(how),
        NodeState::Lost(how) => NodeChange::Lost(how),
        NodeState::Absent | NodeState::Down(_) | NodeState::Paused(_) => return None,
        // Server probes are too expensive to poll at this rate.
        NodeState::Running(_) if stack.topology().nodes.get(node)?.ready.is_none() => return None,
        NodeState::Running(_) => match stack.ready(node).await {
            Ok(()) => NodeChange::Ready,
            Err(waits) => NodeChange::NotReady(waits),
        },
    };
    // The reason why a node waits may change its words; that it waits is one change.
    let same = std::mem::discriminant(&change) == std::mem::discriminant(before);
    (!same).then(|| (node.to_owned(), change))
}
