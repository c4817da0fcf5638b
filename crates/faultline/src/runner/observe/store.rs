//! Counts how many acknowledged entries are stored, for the live lab.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::contents;
use crate::runner::live_timeline::LiveTimeline;
use crate::runner::progress::Progress;
use crate::runner::recorder::EventSender;
use crate::runner::sample::StoreReading;
use crate::stack::Stack;

/// Shortest time between two readings.
const EVERY: Duration = Duration::from_secs(1);

/// Pause after a reading, as a multiple of its duration.
// A reading is load for the system under test, and takes longer the more is stored.
const REST: u32 = 10;

/// Sends readings until dropped.
pub(in crate::runner) async fn watch(
    stack: Arc<Stack>,
    run: String,
    timeline: LiveTimeline,
    sender: EventSender,
) {
    // Without a store there is nothing to read, which the lab must not show as zero entries.
    if stack.topology().stores.is_empty() {
        return;
    }
    loop {
        let begun = Instant::now();
        let reading = read(&stack, &run, &timeline).await.unwrap_or_else(StoreReading::Unread);
        sender.offer(Progress::Stored(reading));
        tokio::time::sleep(EVERY.max(begun.elapsed() * REST)).await;
    }
}

async fn read(stack: &Stack, run: &str, timeline: &LiveTimeline) -> Result<StoreReading, String> {
    let (mut stored, mut duplicated, mut missing) = (0, 0, 0);
    for (name, store) in &stack.topology().stores {
        // Taken before the store is read: an entry acknowledged meanwhile may be stored too late for this reading.
        let before = timeline.read(|timeline| timeline.stores.acknowledged(name)).unwrap_or_default();
        let entries = contents::store(stack, store, run).await?;
        let all = entries.len();
        let ids: HashSet<String> = entries.into_iter().map(|entry| entry.op).collect();
        stored += ids.len() as u64;
        duplicated += (all - ids.len()) as u64;
        missing += before.iter().filter(|id| !ids.contains(*id)).count() as u64;
    }
    Ok(StoreReading::Read { stored, duplicated, missing })
}
