//! Writes batches: whatever arrived while one commit was in flight goes together into the next.

use std::sync::Arc;
use std::time::Duration;

use chassis::backoff::Backoff;
use chassis::link::LinkState;
use tokio::time::Instant;

use crate::batch::{Batch, BatchLimits, Group};
use crate::comparer::Comparer;
use crate::metrics::LoggerMetrics;
use crate::outcome::{Outcome, StoreRefusal};
use crate::queue::CommitQueue;
use crate::recent::Recent;
use crate::store::{InsertFailure, Inserted, Store};

/// Writer of batches; several may share a queue.
#[derive(Debug, Clone)]
pub(crate) struct Committer {
    pub(crate) queue: Arc<CommitQueue>,
    pub(crate) recent: Arc<Recent>,
    pub(crate) store: Store,
    pub(crate) comparer: Comparer,
    pub(crate) limits: BatchLimits,
    pub(crate) metrics: LoggerMetrics,
}

impl Committer {
    /// Commits until the queue is closed and empty.
    pub(crate) async fn run(self) {
        while let Some(batch) = self.next_batch().await {
            self.commit(batch).await;
        }
    }

    /// Waits for a batch.
    // While the store is down nothing is taken, so that what was never sent can still be refused.
    async fn next_batch(&self) -> Option<Batch> {
        self.store.link.up().await;
        let batch = self.queue.next_batch(self.limits).await;
        self.metrics.waiting(self.queue.len());
        batch
    }

    /// Commits a batch: until each entry in it is settled, or nobody waits for it any more.
    async fn commit(&self, mut batch: Batch) {
        // Short at first: most failures are a connection that was lost, and the next one is there already.
        let mut backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(250));
        while let Some(end) = batch.last_deadline() {
            match tokio::time::timeout_at(end, self.attempt(&mut batch)).await {
                Ok(()) if batch.is_empty() => return,
                Ok(()) => tokio::time::sleep(backoff.pause()).await,
                // Every caller has told itself what is true.
                Err(_) => return,
            }
            batch.drop_over(Instant::now());
        }
    }

    /// Attempts to commit once; what is settled leaves the batch.
    async fn attempt(&self, batch: &mut Batch) {
        // Here too, since the store may have been lost after the batch was taken.
        let logs = self.store.link.up().await;
        let (begun, size) = (Instant::now(), batch.len());
        match self.store.insert(&logs, batch.documents()).await {
            Ok(inserted) => self.settle(batch, &inserted),
            Err(InsertFailure::NotSent(reason)) => {
                tracing::debug!("{size} entries were not sent: {reason}");
                // Surely not sent: back to the queue, where they can still be refused. What an earlier attempt may
                // have stored stays here.
                self.queue.give_back(batch.split_off_untouched());
            }
            Err(InsertFailure::Unknown(reason)) => {
                tracing::warn!("{size} entries may or may not be stored, asking again: {reason}");
                batch.mark_maybe_stored();
            }
        }
        self.metrics.commit(size, begun.elapsed());
    }

    /// Settles what the store has told; what is left then are the ids that were there already.
    fn settle(&self, batch: &mut Batch, inserted: &Inserted) {
        self.conclude(batch, |place, group| match inserted.refused.get(&place) {
            _ if inserted.duplicates.contains(&place) => None,
            Some(reason) => Some(refused(group, reason)),
            None => Some(Outcome::Stored(group.record().created_at)),
        });
        // Beside the commits: a store that is slow to look one entry up must not hold up all others.
        self.comparer.take(batch.take_groups());
    }

    /// Settles groups, and remembers those that are stored.
    fn conclude(&self, batch: &mut Batch, mut verdict: impl FnMut(usize, &Group) -> Option<Outcome>) {
        let mut stored = Vec::new();
        batch.settle(|place, group| {
            let outcome = verdict(place, group);
            if let Some(Outcome::Stored(created_at)) = outcome {
                stored.push((group.record().id.clone(), group.record().fingerprint, created_at));
            }
            outcome
        });
        self.recent.remember(stored.iter().map(|(id, print, at)| (id.as_str(), *print, *at)));
    }
}

/// The store's refusal is the truth only if no earlier attempt may have stored the entry.
fn refused(group: &Group, reason: &str) -> Outcome {
    if group.maybe_stored {
        return Outcome::Unknown(format!("an earlier attempt may have stored it; then: {reason}"));
    }
    Outcome::Refused(StoreRefusal::ByStore(reason.to_owned()))
}

/// Refuses, while the store is down, what has waited for it long enough.
// Runs for ever.
pub(crate) async fn refuse_while_down(queue: Arc<CommitQueue>, store: Store, grace: Duration) {
    // Polled: entries wait too long one by one, and no event says when.
    const SWEEP_EVERY: Duration = Duration::from_millis(20);
    let mut state = store.link.watch();
    loop {
        if state.wait_for(|state| matches!(state, LinkState::Down(_))).await.is_err() {
            return;
        }
        if let (Err(reason), Some(moment)) = (store.link.current(), Instant::now().checked_sub(grace)) {
            queue.refuse_since(moment, &StoreRefusal::StoreDown(reason));
        }
        tokio::time::sleep(SWEEP_EVERY).await;
    }
}
