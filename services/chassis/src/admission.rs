//! Bounded concurrency with a bounded queue: overload is shed before the work, not within it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::deadline::Deadline;

/// Admission to some work; clones share it.
#[derive(Debug, Clone)]
pub struct Admission {
    inside: Arc<Semaphore>,
    places: usize,
    waiting: Arc<AtomicUsize>,
    queue: usize,
}

/// Place inside; held until dropped.
#[derive(Debug)]
pub struct Slot {
    _permit: OwnedSemaphorePermit,
}

/// Reason for turning a request away; in each case nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Overload {
    /// Full queue.
    #[error("overloaded: queue full")]
    Full,
    /// The deadline passed while waiting.
    #[error("overloaded: the deadline passed while the request waited its turn")]
    TooLate,
}

struct QueuePlace(Arc<AtomicUsize>);

impl Drop for QueuePlace {
    fn drop(&mut self) {
        // Relaxed, here and below: the number guards no other memory.
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Admission {
    /// Admits at most `inside` at once, and `queue` waiting.
    #[must_use]
    pub fn new(inside: usize, queue: usize) -> Self {
        let (places, waiting) = (inside, Arc::new(AtomicUsize::new(0)));
        Self { inside: Arc::new(Semaphore::new(places)), places, waiting, queue }
    }

    /// Enters, waiting for a place until the deadline.
    ///
    /// # Errors
    /// [`Overload`] when the queue is full or the deadline passed first.
    pub async fn enter(&self, deadline: Deadline) -> Result<Slot, Overload> {
        // Overtakes nobody: the semaphore assigns a freed permit to whoever has waited longest, so none is
        // left here while somebody waits.
        if let Ok(permit) = Arc::clone(&self.inside).try_acquire_owned() {
            return Ok(Slot { _permit: permit });
        }
        // Counted before it is compared: two that come at once can't both take the last place.
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.queue {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Overload::Full);
        }
        // A guard, since a caller that leaves drops this future in the middle of the wait.
        let _waiting = QueuePlace(Arc::clone(&self.waiting));
        match deadline.bound(Arc::clone(&self.inside).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Slot { _permit: permit }),
            // The semaphore is never closed; too late is the true answer all the same.
            Ok(Err(_)) | Err(_) => Err(Overload::TooLate),
        }
    }

    /// Number of requests that are inside or wait now: those that one more would come after.
    #[must_use]
    pub fn ahead(&self) -> usize {
        self.places.saturating_sub(self.inside.available_permits()) + self.waiting()
    }

    /// Number of requests that wait now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn the_queue_is_bounded_and_waits_are_too() {
        let admission = Admission::new(1, 1);
        assert_eq!(admission.ahead(), 0);
        let soon = Deadline::after(Duration::from_millis(5));
        let inside = admission.enter(soon).await.unwrap();
        assert_eq!(admission.ahead(), 1);
        let (second, third) = tokio::join!(admission.enter(soon), admission.enter(soon));
        assert_eq!(third.unwrap_err(), Overload::Full);
        assert_eq!(second.unwrap_err(), Overload::TooLate);
        assert_eq!(admission.waiting(), 0);
        drop(inside);
        assert!(admission.enter(soon).await.is_ok());
    }
}
