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
    let mut calm = Calm::default();
    loop {
        let queues = depths(stack).await;
        let (missing, stored) = missing(stack, run, timeline).await;
        // After the reading: a drain seems longer by one reading, never shorter.
        let at = now(start);
        // Both, since a message between a queue and a store is in neither for a moment.
        // A queue that can't be read is not taken for an empty one.
        let empty = missing == Some(0) && queues.values().all(|depth| *depth == Some(0));
        let since = calm.add(at, empty.then_some(stored));
        let settled = since.is_some_and(|since| at - since >= SETTLED);
        let over = settled || Instant::now() >= until;
        // The wait for changes is not part of the drain.
        let at = since.unwrap_or(at);
        if over || since.is_none() {
            let done = since.is_some();
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

/// Readings without a change: nothing is on its way any more.
#[derive(Debug, Default)]
struct Calm {
    /// Time of the first of them, and the entries that were stored.
    first: Option<(i64, u64)>,
}

impl Calm {
    /// Adds a reading at a time: the stored entries where everything is stored and the queues are empty, else none.
    /// Returns the time of the first reading since which nothing has changed.
    fn add(&mut self, at: i64, complete: Option<u64>) -> Option<i64> {
        self.first = match (self.first, complete) {
            (_, None) => None,
            (Some((since, count)), Some(stored)) if count == stored => Some((since, count)),
            // More stored entries than before mean that something still arrives, such as a duplicate.
            (_, Some(stored)) => Some((at, stored)),
        };
        self.first.map(|(since, _)| since)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calm_lasts_from_the_first_of_the_readings_that_are_alike() {
        let mut calm = Calm::default();
        assert_eq!(calm.add(5, None), None);
        assert_eq!(calm.add(8, Some(3)), Some(8));
        assert_eq!(calm.add(9, Some(3)), Some(8));
        // A duplicate arrives: the wait begins again.
        assert_eq!(calm.add(10, Some(4)), Some(10));
        assert_eq!(calm.add(11, None), None);
        assert_eq!(calm.add(12, Some(4)), Some(12));
    }
}
