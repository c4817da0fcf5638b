//! Waits until every acknowledged entry is stored and the queues are empty, for a bounded time.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::history::Event;
use crate::load::now;
use crate::runner::live_timeline::LiveTimeline;
use crate::runner::observe::contents;
use crate::runner::recorder::EventSender;
use crate::stack::Stack;

/// Time without a change after which everything counts as drained, in microseconds.
// An entry that is still between a queue and a store arrives in this time, even if its batch is sent again.
const SETTLED: i64 = 1_500_000;

/// Waits at most `limit` and one reading more, and records how far it is.
pub(super) async fn wait(
    stack: &Stack,
    run: &str,
    timeline: &LiveTimeline,
    sender: &EventSender,
    start: Instant,
    limit: Duration,
) {
    let until = Instant::now() + limit;
    let mut pause = Duration::from_millis(100);
    let mut complete: Option<(i64, u64)> = None;
    loop {
        let queues = depths(stack).await;
        let (missing, stored) = missing(stack, run, timeline).await;
        // After the reading: a drain seems longer by one reading, never shorter.
        let at = now(start);
        // Both, since a message between a queue and a store is in neither for a moment.
        // A queue that can't be read is not taken for an empty one.
        let empty = missing == Some(0) && queues.values().all(|depth| *depth == Some(0));
        complete = match complete {
            // More stored entries than before mean that something still arrives, such as a duplicate.
            Some((since, count)) if empty && count == stored => Some((since, count)),
            _ if empty => Some((at, stored)),
            _ => None,
        };
        let settled = complete.is_some_and(|(since, _)| at - since >= SETTLED);
        let over = settled || Instant::now() >= until;
        // Complete since the first reading without a change; the wait for changes is not part of the drain.
        let at = complete.map_or(at, |(since, _)| since);
        if over || complete.is_none() {
            let done = complete.is_some();
            sender.record(Event::Drain { at, queues, missing, done }).await;
        }
        if over {
            return;
        }
        tokio::time::sleep(pause).await;
        // Short at first, for a system that is done already; longer later, since readings are load too.
        pause = (pause * 2).min(Duration::from_millis(500));
    }
}

/// Counts the acknowledged entries that are not in their stores, none if a store can't be read; and the entries that
/// the stores hold.
async fn missing(stack: &Stack, run: &str, timeline: &LiveTimeline) -> (Option<u64>, u64) {
    let (mut missing, mut stored) = (Some(0), 0);
    for (name, store) in &stack.topology().stores {
        match contents::store(stack, store, run).await {
            Ok(entries) => {
                stored += entries.len() as u64;
                let ids: HashSet<String> = entries.into_iter().map(|entry| entry.op).collect();
                let lacking = timeline.read(|timeline| timeline.stores.missing(name, &ids)).unwrap_or(0);
                missing = missing.map(|sum| sum + lacking);
            }
            Err(_) => missing = None,
        }
    }
    (missing, stored)
}

async fn depths(stack: &Stack) -> BTreeMap<String, Option<u64>> {
    let mut depths = BTreeMap::new();
    for (name, queue) in &stack.topology().queues {
        depths.insert(name.clone(), contents::depth(stack, queue).await.ok());
    }
    depths
}
