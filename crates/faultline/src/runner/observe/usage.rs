//! Samples nodes and links once a second, for the live lab.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};

use crate::proxy::{AnswerTimes, Snapshot};
use crate::runner::progress::Progress;
use crate::runner::recorder::EventSender;
use crate::runner::sample::{LinkSample, NodeSample, Sample};
use crate::stack::topology::Link;
use crate::stack::{NodeState, Stack};

/// Interval between two samples.
const EVERY: Duration = Duration::from_secs(1);

/// Sends samples until dropped.
pub async fn sample(stack: Arc<Stack>, sender: EventSender) {
    // Measured only while somebody watches: it costs one clock reading for each message.
    stack.links().time_answers();
    let mut before: BTreeMap<Link, (Snapshot, AnswerTimes)> = BTreeMap::new();
    let mut last = Instant::now();
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let names: Vec<String> = stack.topology().nodes.keys().cloned().collect();
        let samples = futures::future::join_all(names.iter().map(|node| node_sample(&stack, node))).await;
        // The first tick comes at once, so the time may be almost zero.
        let seconds = last.elapsed().as_secs_f64().max(0.001);
        last = Instant::now();
        let mut links = BTreeMap::new();
        for link in &stack.topology().links {
            if let Some(sample) = link_sample(&stack, link, &mut before, seconds).await {
                links.insert(link.name(), sample);
            }
        }
        let nodes = names.into_iter().zip(samples).collect();
        // A sample that finds the queue full is dropped: the next one replaces it.
        sender.offer(Progress::Sample(Box::new(Sample { nodes, links })));
    }
}

async fn node_sample(stack: &Stack, node: &str) -> NodeSample {
    let sample = |state, says: String| NodeSample { state, ready: false, says };
    match stack.provider().state(node) {
        NodeState::Absent => sample("absent", String::new()),
        NodeState::Paused(_) => sample("paused", String::new()),
        NodeState::Ended(how) => sample("dead", how),
        NodeState::Down(how) => sample("down", how),
        NodeState::Lost(how) => sample("lost", how),
        NodeState::Running(_) => {
            // Server probes are too expensive to poll at this rate.
            let has_check = stack.topology().nodes.get(node).is_some_and(|node| node.ready.is_some());
            let ready = if has_check { stack.ready(node).await } else { Ok(()) };
            NodeSample { state: "running", ready: ready.is_ok(), says: ready.err().unwrap_or_default() }
        }
    }
}

async fn link_sample(
    stack: &Stack,
    link: &Link,
    before: &mut BTreeMap<Link, (Snapshot, AnswerTimes)>,
    seconds: f64,
) -> Option<LinkSample> {
    let proxy = stack.links().proxy(link)?;
    let (view, times) = (proxy.view().await, proxy.answer_times());
    let then = before.insert(link.clone(), (view.counters, times.clone()));
    let (counters, times) = match then {
        Some((counters, earlier)) => (view.counters.since(counters), times.since(&earlier)),
        // What a proxy counted since its start is no rate.
        None => (Snapshot { open: view.counters.open, ..Snapshot::default() }, AnswerTimes::default()),
    };
    let rate = |count: u64| count as f64 / seconds;
    Some(LinkSample {
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
