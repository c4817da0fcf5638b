//! How much of what was acknowledged is stored right now, for those who watch.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::live_timeline::LiveTimeline;
use super::observe;
use super::progress::Progress;
use super::recorder::Teller;
use crate::stack::Stack;

/// The least time between two looks.
const EVERY: Duration = Duration::from_secs(1);

/// A look costs the system something: so many times as long as it took nobody looks again.
const REST: u32 = 10;

/// What was found at one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredNow {
    /// All stores were read.
    Read {
        /// Different entries that are stored.
        stored: u64,
        /// Copies of entries beyond the first of each.
        duplicated: u64,
        /// Acknowledged entries that are not stored.
        missing: u64,
    },
    /// One could not be; why.
    Unread(String),
}

/// Looks until dropped; not at all where no store is declared, since nothing would be told as zero entries.
pub(super) async fn watch(stack: Arc<Stack>, run: String, timeline: LiveTimeline, teller: Teller) {
    if stack.topology().stores.is_empty() {
        return;
    }
    loop {
        let begun = Instant::now();
        let found = look(&stack, &run, &timeline).await.unwrap_or_else(StoredNow::Unread);
        teller.mention(Progress::Stored(found));
        tokio::time::sleep(EVERY.max(begun.elapsed() * REST)).await;
    }
}

async fn look(stack: &Stack, run: &str, timeline: &LiveTimeline) -> Result<StoredNow, String> {
    let (mut stored, mut duplicated, mut missing) = (0, 0, 0);
    for (name, store) in &stack.topology().stores {
        // Before the store is read: what is acknowledged meanwhile might be stored too late to be seen.
        let before = timeline.read(|timeline| timeline.stores.acknowledged(name)).unwrap_or_default();
        let entries = observe::store(stack, store, run).await?;
        let all = entries.len();
        let ids: HashSet<String> = entries.into_iter().map(|entry| entry.op).collect();
        stored += ids.len() as u64;
        duplicated += (all - ids.len()) as u64;
        missing += before.iter().filter(|id| !ids.contains(*id)).count() as u64;
    }
    Ok(StoredNow::Read { stored, duplicated, missing })
}
