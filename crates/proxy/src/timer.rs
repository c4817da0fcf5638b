//! Waits to a moment, more exactly than the runtime's own timers, which count whole milliseconds: one thread sleeps to
//! the next moment that someone waits for.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Instant;

/// The moment, and a number that tells those of the same moment apart.
type Key = (Instant, u64);

#[derive(Default)]
struct Waiting {
    wakers: BTreeMap<Key, Waker>,
    next: u64,
}

struct Timer {
    waiting: Mutex<Waiting>,
    sooner: Condvar,
}

static TIMER: LazyLock<Timer> = LazyLock::new(|| {
    thread::Builder::new()
        .name("proxy-timer".to_owned())
        .spawn(|| TIMER.run())
        .map_or_else(|error| tracing::error!("no timer: toxics that wait will not end: {error}"), drop);
    Timer { waiting: Mutex::default(), sooner: Condvar::new() }
});

impl Timer {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing that panics is done under the lock.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut due = Vec::new();
        let mut waiting = self.lock();
        loop {
            let now = Instant::now();
            while let Some(first) = waiting.wakers.first_entry()
                && first.key().0 <= now
            {
                due.push(first.remove());
            }
            if !due.is_empty() {
                drop(waiting);
                due.drain(..).for_each(Waker::wake);
                waiting = self.lock();
                continue;
            }
            let first = waiting.wakers.first_key_value().map(|(key, _)| key.0);
            waiting = match first {
                None => self.sooner.wait(waiting).unwrap_or_else(PoisonError::into_inner),
                Some(at) => {
                    let span = at.saturating_duration_since(now);
                    self.sooner.wait_timeout(waiting, span).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Puts a waker in place of the one of this key, or makes a key for it.
    fn wake_at(&self, at: Instant, key: Option<Key>, waker: &Waker) -> Key {
        let mut waiting = self.lock();
        let key = key.unwrap_or_else(|| {
            waiting.next += 1;
            (at, waiting.next)
        });
        waiting.wakers.insert(key, waker.clone());
        if waiting.wakers.first_key_value().is_some_and(|(first, _)| *first == key) {
            self.sooner.notify_one();
        }
        key
    }

    fn forget(&self, key: Key) {
        self.lock().wakers.remove(&key);
    }
}

/// Waits until a moment.
pub(super) fn at(moment: Instant) -> At {
    At { moment, key: None }
}

/// What [`at`] returns.
#[derive(Debug)]
pub(super) struct At {
    moment: Instant,
    key: Option<Key>,
}

impl Future for At {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.moment {
            return Poll::Ready(());
        }
        self.key = Some(TIMER.wake_at(self.moment, self.key, context.waker()));
        Poll::Pending
    }
}

impl Drop for At {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            TIMER.forget(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn all_wake_in_their_order_and_not_before() {
        let begun = Instant::now();
        let (told, mut woken) = tokio::sync::mpsc::unbounded_channel();
        for millis in [30, 10, 20, 0, 10] {
            let told = told.clone();
            tokio::spawn(async move {
                at(begun + Duration::from_millis(millis)).await;
                let _ = told.send((millis, begun.elapsed()));
            });
        }
        // One that nobody waits for any longer.
        drop(tokio::time::timeout(Duration::from_millis(1), at(begun + Duration::from_millis(15))).await);
        let mut order = Vec::new();
        for _ in 0..5 {
            let (millis, elapsed) = woken.recv().await.unwrap();
            assert!(elapsed >= Duration::from_millis(millis));
            order.push(millis);
        }
        assert_eq!(order, [0, 10, 10, 20, 30]);
    }
}
