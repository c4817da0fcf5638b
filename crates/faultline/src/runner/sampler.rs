//! Looks at nodes and links once a second, for those who watch.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior};

use super::progress::Progress;
use super::recorder::Teller;
use crate::proxy::{AnswerTimes, Snapshot};
use crate::stack::topology::Link;
use crate::stack::{NodeState, Stack};

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);

/// Nodes and links at one moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Sample {
    /// By name.
    pub nodes: BTreeMap<String, NodeLook>,
    /// By name; links without a proxy are absent.
    pub links: BTreeMap<String, LinkLook>,
}

/// A node at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeLook {
    /// `absent`, `running`, `paused`, `down` (by the lab), `dead` (by itself) or `lost` (out of sight).
    pub state: &'static str,
    /// Whether it says that it is ready.
    pub ready: bool,
    /// What it waits for, or how it ended.
    pub says: String,
}

/// A link in the second before a moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LinkLook {
    /// Connections that are open.
    pub open: u64,
    /// Connections that came, a second.
    pub connects: f64,
    /// Bytes to the server, a second.
    pub upstream: f64,
    /// Bytes to clients, a second.
    pub downstream: f64,
    /// Connections that were reset, cut or not taken by the server, a second.
    pub errors: f64,
    /// Times that bytes from the server followed bytes to it, a second.
    pub answers: f64,
    /// How long half of those took at most, in milliseconds; none without any.
    pub p50_ms: Option<f64>,
    /// How long 99 of 100 took at most.
    pub p99_ms: Option<f64>,
    /// Kinds of the toxics on it.
    pub toxics: Vec<&'static str>,
    /// Whether it takes connections.
    pub enabled: bool,
}

/// Looks until dropped. What finds the queue full is left out: the next look tells more.
pub async fn sample(stack: Arc<Stack>, teller: Teller) {
    stack.links().time_answers();
    let mut before: BTreeMap<Link, (Snapshot, AnswerTimes)> = BTreeMap::new();
    let mut last = Instant::now();
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let names: Vec<String> = stack.topology().nodes.keys().cloned().collect();
        let looks = futures::future::join_all(names.iter().map(|node| node_look(&stack, node))).await;
        let seconds = last.elapsed().as_secs_f64().max(0.001);
        last = Instant::now();
        let mut links = BTreeMap::new();
        for link in &stack.topology().links {
            if let Some(look) = link_look(&stack, link, &mut before, seconds).await {
                links.insert(link.name(), look);
            }
        }
        let nodes = names.into_iter().zip(looks).collect();
        teller.mention(Progress::Sample(Box::new(Sample { nodes, links })));
    }
}

async fn node_look(stack: &Stack, node: &str) -> NodeLook {
    let look = |state, says: String| NodeLook { state, ready: false, says };
    match stack.provider().state(node) {
        NodeState::Absent => look("absent", String::new()),
        NodeState::Paused(_) => look("paused", String::new()),
        NodeState::Ended(how) => look("dead", how),
        NodeState::Down(how) => look("down", how),
        NodeState::Lost(how) => look("lost", how),
        NodeState::Running(_) => {
            // Servers bring their own way, which is too dear to go this often.
            let asked = stack.topology().nodes.get(node).is_some_and(|node| node.ready.is_some());
            let ready = if asked { stack.ready(node).await } else { Ok(()) };
            NodeLook { state: "running", ready: ready.is_ok(), says: ready.err().unwrap_or_default() }
        }
    }
}

async fn link_look(
    stack: &Stack,
    link: &Link,
    before: &mut BTreeMap<Link, (Snapshot, AnswerTimes)>,
    seconds: f64,
) -> Option<LinkLook> {
    let proxy = stack.links().proxy(link)?;
    let (view, times) = (proxy.view().await, proxy.answer_times());
    let then = before.insert(link.clone(), (view.counters, times.clone()));
    let (counters, times) = match then {
        Some((counters, earlier)) => (view.counters.since(counters), times.since(&earlier)),
        None => (Snapshot { open: view.counters.open, ..Snapshot::default() }, AnswerTimes::default()),
    };
    let rate = |count: u64| count as f64 / seconds;
    Some(LinkLook {
        open: counters.open,
        connects: rate(counters.accepted),
        upstream: rate(counters.upstream_bytes),
        downstream: rate(counters.downstream_bytes),
        errors: rate(counters.reset + counters.cut + counters.upstream_refused),
        answers: rate(times.count()),
        p50_ms: times.quantile(0.5),
        p99_ms: times.quantile(0.99),
        toxics: view.toxics.all().map(|toxic| toxic.settings.spec().name).collect(),
        enabled: view.enabled,
    })
}
