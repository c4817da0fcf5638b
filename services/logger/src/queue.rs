//! The one bounded queue between the doors and the committers.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::batch::{Batch, BatchLimits};
use crate::outcome::StoreRefusal;
use crate::pending::Pending;

/// Entries that wait for their commit, bounded in entries and in bytes.
#[derive(Debug)]
pub(crate) struct CommitQueue {
    inner: Mutex<CommitQueueState>,
    arrived: Notify,
    most_entries: usize,
    most_bytes: usize,
}

#[derive(Debug, Default)]
struct CommitQueueState {
    waiting: VecDeque<Pending>,
    bytes: usize,
    closed: bool,
}

impl CommitQueue {
    pub(crate) fn new(most_entries: usize, most_bytes: usize) -> Self {
        Self { inner: Mutex::default(), arrived: Notify::new(), most_entries, most_bytes }
    }

    /// Adds entries; those that find no room, or come after the end, are refused.
    pub(crate) fn push(&self, entries: impl IntoIterator<Item = Pending>) {
        let mut refused = Vec::new();
        {
            let mut inner = self.lock();
            for pending in entries {
                let size = pending.size();
                let full = inner.waiting.len() >= self.most_entries || inner.bytes + size > self.most_bytes;
                if inner.closed || full {
                    let why = if inner.closed { StoreRefusal::ShuttingDown } else { StoreRefusal::QueueFull };
                    refused.push((pending, why));
                    continue;
                }
                inner.bytes += size;
                inner.waiting.push_back(pending);
            }
        }
        // One committer is enough: if it leaves entries behind, it wakes the next.
        self.arrived.notify_one();
        // After the lock: each refusal wakes its caller.
        for (pending, why) in refused {
            pending.refuse(why);
        }
    }

    /// Puts entries back that were surely not sent, in front of the others.
    pub(crate) fn give_back(&self, entries: Vec<Pending>) {
        let mut inner = self.lock();
        // Whatever the bounds say: these had their places before.
        for pending in entries.into_iter().rev() {
            pending.give_back();
            inner.bytes += pending.size();
            inner.waiting.push_front(pending);
        }
        drop(inner);
        self.arrived.notify_one();
    }

    /// Waits for entries and takes as many as fit into one batch; `None` once closed and empty.
    pub(crate) async fn next_batch(&self, limits: BatchLimits) -> Option<Batch> {
        loop {
            let (batch, closed) = self.take(limits);
            if !batch.is_empty() {
                return Some(batch);
            }
            if closed {
                // For the next committer that waits.
                self.arrived.notify_one();
                return None;
            }
            // Nothing is missed between the look and this wait: a `Notify` keeps one wake-up.
            self.arrived.notified().await;
        }
    }

    fn take(&self, limits: BatchLimits) -> (Batch, bool) {
        let (mut batch, mut held) = (Batch::default(), Vec::new());
        let mut inner = self.lock();
        while let Some(pending) = inner.waiting.pop_front() {
            let size = pending.size();
            if !batch.has_room(size, limits) {
                inner.waiting.push_front(pending);
                break;
            }
            inner.bytes -= size;
            held.extend(batch.offer(pending));
        }
        // In front, in their order: each waits only for the batch that has its id.
        for pending in held.into_iter().rev() {
            inner.bytes += pending.size();
            inner.waiting.push_front(pending);
        }
        if !inner.waiting.is_empty() {
            self.arrived.notify_one();
        }
        (batch, inner.closed)
    }

    /// Refuses what has waited since before `moment`.
    pub(crate) fn refuse_since(&self, moment: Instant, refusal: &StoreRefusal) {
        let mut refused = Vec::new();
        {
            let mut inner = self.lock();
            // In order of arrival but for what was given back, which is older and in front.
            while inner.waiting.front().is_some_and(|pending| pending.since <= moment) {
                if let Some(pending) = inner.waiting.pop_front() {
                    inner.bytes -= pending.size();
                    refused.push(pending);
                }
            }
        }
        for pending in refused {
            pending.refuse(refusal.clone());
        }
    }

    /// Takes no more; what waits is still committed.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Number of entries that wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    fn lock(&self) -> MutexGuard<'_, CommitQueueState> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::batch::tests::ids;
    use crate::fingerprint::Fingerprints;
    use crate::outcome::Outcome;
    use crate::pending::tests::pending;

    const LIMITS: BatchLimits = BatchLimits { entries: 2, bytes: 1000 };

    #[tokio::test]
    async fn beyond_its_bound_entries_are_refused_at_once() {
        let (queue, fingerprints) = (CommitQueue::new(1, 1000), Fingerprints::default());
        let (first, _ticket) = pending("a", "x", &fingerprints);
        let (second, refused) = pending("b", "x", &fingerprints);
        queue.push([first, second]);
        assert_eq!(refused.outcome().await, Outcome::Refused(StoreRefusal::QueueFull));
        assert_eq!(queue.len(), 1);
    }

    #[tokio::test]
    async fn a_batch_is_bounded_and_a_conflict_waits_for_the_next() {
        let (queue, fingerprints) = (CommitQueue::new(10, 1000), Fingerprints::default());
        let (entries, _tickets): (Vec<_>, Vec<_>) = [("a", "x"), ("a", "y"), ("b", "x"), ("c", "x")]
            .map(|(id, data)| pending(id, data, &fingerprints))
            .into_iter()
            .unzip();
        queue.push(entries);
        let first = queue.next_batch(LIMITS).await.unwrap();
        assert_eq!(ids(&first), ["a", "b"]);
        let second = queue.next_batch(LIMITS).await.unwrap();
        assert_eq!(ids(&second), ["a", "c"]);
    }

    #[tokio::test]
    async fn what_is_given_back_comes_first_and_can_be_refused() {
        let (queue, fingerprints) = (CommitQueue::new(10, 1000), Fingerprints::default());
        let (first, ticket) = pending("a", "x", &fingerprints);
        queue.push([first]);
        let mut batch = queue.next_batch(LIMITS).await.unwrap();
        queue.give_back(batch.split_off_untouched());
        queue.refuse_since(Instant::now() + Duration::from_secs(1), &StoreRefusal::ShuttingDown);
        assert_eq!(ticket.outcome().await, Outcome::Refused(StoreRefusal::ShuttingDown));
    }

    #[tokio::test]
    async fn a_closed_queue_ends_once_empty() {
        let (queue, fingerprints) = (CommitQueue::new(10, 1000), Fingerprints::default());
        let (first, _ticket) = pending("a", "x", &fingerprints);
        queue.push([first]);
        queue.close();
        assert!(queue.next_batch(LIMITS).await.is_some());
        assert!(queue.next_batch(LIMITS).await.is_none());
        let (late, refused) = pending("b", "x", &fingerprints);
        queue.push([late]);
        assert_eq!(refused.outcome().await, Outcome::Refused(StoreRefusal::ShuttingDown));
    }
}
