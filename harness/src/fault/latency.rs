//! Data on a link is delayed, both ways.

use std::time::Duration;

use super::Before;
use crate::history::Evidence;
use crate::proxy::toxic::{self, Stream};
use crate::proxy::{NewToxic, Values};
use crate::scenario::schedule::PlannedFault;
use crate::stack::Stack;

/// The toxics of the fault.
const NAMES: [(Stream, &str); 2] =
    [(Stream::Upstream, "fault_latency_upstream"), (Stream::Downstream, "fault_latency_downstream")];

pub(super) async fn begin(stack: &Stack, fault: &PlannedFault) -> (Before, Vec<Evidence>) {
    let links = stack.topology().links_named(&fault.target);
    for toxic in toxics(fault.latency.duration(), fault.jitter.duration(), fault.seed) {
        stack.links().add(&links, &toxic).await;
    }
    let set =
        format!("{} proxies of {} delay by {} +- {}", links.len(), fault.target, fault.latency, fault.jitter);
    (Before::Nothing, vec![Evidence::new(set, !links.is_empty())])
}

pub(super) async fn undo(stack: &Stack, target: &str) -> Vec<Evidence> {
    let links = stack.topology().links_named(target);
    let (mut bytes, mut connections) = (0, 0);
    for (_, name) in NAMES {
        for toxic in stack.links().remove(&links, name).await {
            bytes += toxic.effects().bytes();
            connections += toxic.effects().connections();
        }
    }
    let hit = format!("{bytes} bytes on {target} were delayed, in {connections} directions of connections");
    vec![Evidence::new(hit, bytes > 0)]
}

/// A latency each way.
pub fn toxics(latency: Duration, jitter: Duration, seed: u64) -> impl Iterator<Item = NewToxic> {
    let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    let given = [millis(latency), millis(jitter)];
    NAMES.into_iter().map(move |(stream, name)| NewToxic {
        name: name.to_owned(),
        stream,
        written_stream: None,
        toxicity: 1.0,
        values: Values::of(&toxic::LATENCY, &given),
        seed: Some(seed),
    })
}
