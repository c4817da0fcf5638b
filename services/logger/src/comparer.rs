//! Compares repeats with what is stored under their ids: the same content is answered like the first,
//! another is a conflict.

use std::sync::Arc;
use std::time::Duration;

use chassis::backoff::Backoff;
use futures::StreamExt;
use tokio::sync::Semaphore;

use crate::batch::Group;
use crate::outcome::Outcome;
use crate::recent::Recent;
use crate::store::{Content, Store};

/// Look-ups beside each other.
// Few: a store that has no index for them reads all it has for each.
const LOOKUPS: usize = 2;

/// Repeats that may wait for their look-up; beyond it their outcome is told to be unknown.
const MOST_WAITING: usize = 10_000;

/// Compares repeats; clones share the bounds.
#[derive(Debug, Clone)]
pub(crate) struct Comparer {
    store: Store,
    recent: Arc<Recent>,
    waiting: Arc<Semaphore>,
    looking: Arc<Semaphore>,
}

impl Comparer {
    pub(crate) fn new(store: Store, recent: Arc<Recent>) -> Self {
        let (waiting, looking) = (Semaphore::new(MOST_WAITING), Semaphore::new(LOOKUPS));
        Self { store, recent, waiting: Arc::new(waiting), looking: Arc::new(looking) }
    }

    /// Takes repeats, and settles each once it has been compared.
    // This goes on beside the commits, because a store that is slow to look something up must not hold up those whose
    // ids are new. What has been compared is remembered, so that each repeat of a repeat is quicker.
    pub(crate) fn take(&self, repeats: Vec<Group>) {
        if repeats.is_empty() {
            return;
        }
        let comparer = self.clone();
        tokio::spawn(async move {
            futures::stream::iter(repeats)
                .for_each_concurrent(LOOKUPS, |group| comparer.compare_in_time(group))
                .await;
        });
    }

    /// Compares one until the last of its callers has given up.
    async fn compare_in_time(&self, group: Group) {
        let Ok(_place) = self.waiting.try_acquire() else {
            group.settle(&Outcome::Unknown("overloaded: too many repeats wait to be compared".to_owned()));
            return;
        };
        if let Ok(outcome) = tokio::time::timeout_at(group.last_deadline(), self.compare(&group)).await {
            group.settle(&outcome);
        }
    }

    async fn compare(&self, group: &Group) -> Outcome {
        // A few at once: looking up is the store's work too, and the commits come first.
        let _turn = self.looking.acquire().await;
        let record = group.record();
        match self.look_up(&record.id).await {
            Some(Content { fingerprint, created_at }) => {
                self.recent.remember([(record.id.as_str(), fingerprint, created_at)]);
                match fingerprint == record.fingerprint {
                    true => Outcome::Stored(created_at),
                    false => Outcome::Conflict,
                }
            }
            None => Outcome::Unknown("the id was in the store, and is there no more".to_owned()),
        }
    }

    /// Asks until the store answers.
    async fn look_up(&self, id: &str) -> Option<Content> {
        let mut backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(250));
        loop {
            let logs = self.store.link.up().await;
            match self.store.content(&logs, id).await {
                Ok(content) => return content,
                Err(failure) => tracing::warn!("a repeat could not be compared, asking again: {failure}"),
            }
            tokio::time::sleep(backoff.pause()).await;
        }
    }
}
