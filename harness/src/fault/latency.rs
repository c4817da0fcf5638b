//! Data on a link is delayed, both ways.

use super::Before;
use crate::history::Evidence;
use crate::proxy::{Latency, Snapshot};
use crate::scenario::schedule::PlannedFault;
use crate::stack::Stack;

pub(super) async fn begin(stack: &Stack, fault: &PlannedFault) -> (Before, Vec<Evidence>) {
    let links = stack.topology().links_named(&fault.target);
    let before = stack.links().counters(&links).await;
    let latency =
        Latency { latency: fault.latency.duration(), jitter: fault.jitter.duration(), seed: fault.seed };
    stack.links().delay(&links, Some(latency)).await;
    let set =
        format!("{} proxies of {} delay by {} +- {}", links.len(), fault.target, fault.latency, fault.jitter);
    (Before::Counters(before), vec![Evidence::new(set, !links.is_empty())])
}

pub(super) async fn undo(stack: &Stack, target: &str, before: Snapshot) -> Vec<Evidence> {
    let links = stack.topology().links_named(target);
    stack.links().delay(&links, None).await;
    let after = stack.links().counters(&links).await.since(before);
    let hit =
        format!("{} bytes in {} pieces on {target} were delayed", after.delayed_bytes, after.delayed_chunks);
    vec![Evidence::new(hit, after.delayed_bytes > 0)]
}
