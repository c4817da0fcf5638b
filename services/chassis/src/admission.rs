//! Bounded concurrency with a bounded queue: overload is shed at the door, not inside.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::deadline::Deadline;

/// A door to some work; clones share it.
#[derive(Debug, Clone)]
pub struct Door {
    inside: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    queue: usize,
}

/// Leave to be inside; held until dropped.
#[derive(Debug)]
pub struct Pass {
    _permit: OwnedSemaphorePermit,
}

/// Why the door stays shut; in each case nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Shut {
    /// As many as may wait are waiting.
    #[error("overloaded: as many requests as may wait are waiting")]
    Full,
    /// The deadline passed while waiting.
    #[error("overloaded: the deadline passed while the request waited its turn")]
    TooLate,
}

struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Door {
    /// At most `inside` at once, and `queue` waiting.
    #[must_use]
    pub fn new(inside: usize, queue: usize) -> Self {
        Self { inside: Arc::new(Semaphore::new(inside)), waiting: Arc::new(AtomicUsize::new(0)), queue }
    }

    /// Enters, waiting for a place until the deadline.
    ///
    /// # Errors
    /// [`Shut`] when the queue is full or the deadline passed first.
    pub async fn enter(&self, deadline: Deadline) -> Result<Pass, Shut> {
        if let Ok(permit) = Arc::clone(&self.inside).try_acquire_owned() {
            return Ok(Pass { _permit: permit });
        }
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.queue {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Shut::Full);
        }
        let _waiting = Waiting(Arc::clone(&self.waiting));
        match deadline.bound(Arc::clone(&self.inside).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Pass { _permit: permit }),
            // The semaphore is never closed; too late is the true answer all the same.
            Ok(Err(_)) | Err(_) => Err(Shut::TooLate),
        }
    }

    /// How many wait now.
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
        let door = Door::new(1, 1);
        let soon = Deadline::after(Duration::from_millis(5));
        let inside = door.enter(soon).await.unwrap();
        let (second, third) = tokio::join!(door.enter(soon), door.enter(soon));
        assert_eq!(third.unwrap_err(), Shut::Full);
        assert_eq!(second.unwrap_err(), Shut::TooLate);
        assert_eq!(door.waiting(), 0);
        drop(inside);
        assert!(door.enter(soon).await.is_ok());
    }
}
