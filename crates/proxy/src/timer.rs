//! Sleeps to the microsecond, where the timers of the runtime count whole milliseconds.
//!
//! One thread sleeps until the next of all moments and wakes its task. The load generator has a timer of the kernel in
//! each of its runtimes instead, which wakes its only sleeper without another thread. A proxy has thousands of sleepers,
//! and a timer of the kernel for each would cost each of them a descriptor.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Instant;

/// Moment, and a number that distinguishes equal moments.
// The moment comes first, since the first key of the map has to be the next one that is due.
type Key = (Instant, u64);

#[derive(Default)]
struct Sleepers {
    wakers: BTreeMap<Key, Waker>,
    next: u64,
}

struct SleepTimer {
    sleepers: Mutex<Sleepers>,
    /// Signal that the first moment has changed.
    earlier: Condvar,
}

static TIMER: LazyLock<SleepTimer> = LazyLock::new(|| {
    // The thread asks for TIMER itself, and waits there until this closure has returned.
    thread::Builder::new().name("proxy-timer".to_owned()).spawn(|| TIMER.run()).map_or_else(
        |error| tracing::error!("no timer thread, so delays of toxics will not end: {error}"),
        drop,
    );
    SleepTimer { sleepers: Mutex::default(), earlier: Condvar::new() }
});

impl SleepTimer {
    fn lock(&self) -> MutexGuard<'_, Sleepers> {
        // Nothing panics under the lock, so the map is never half changed.
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut due = Vec::new();
        let mut sleepers = self.lock();
        loop {
            // In each round: a condition variable may wake without a reason, and waking tasks takes time.
            let now = Instant::now();
            while let Some(first) = sleepers.wakers.first_entry()
                && first.key().0 <= now
            {
                due.push(first.remove());
            }
            if !due.is_empty() {
                // Without the lock, since the tasks that wake up want it for their next sleep.
                drop(sleepers);
                due.drain(..).for_each(Waker::wake);
                sleepers = self.lock();
                continue;
            }
            let first = sleepers.wakers.first_key_value().map(|(key, _)| key.0);
            sleepers = match first {
                None => self.earlier.wait(sleepers).unwrap_or_else(PoisonError::into_inner),
                Some(moment) => {
                    let span = moment.saturating_duration_since(now);
                    self.earlier.wait_timeout(sleepers, span).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Stores a waker under its key, or under a new one, and returns the key.
    fn wake_at(&self, moment: Instant, key: Option<Key>, waker: &Waker) -> Key {
        let mut sleepers = self.lock();
        // A future may be polled with another waker, which takes the place of the one before.
        let key = key.unwrap_or_else(|| {
            sleepers.next += 1;
            (moment, sleepers.next)
        });
        sleepers.wakers.insert(key, waker.clone());
        // The thread sleeps until the first moment, so only a new first one has to wake it.
        if sleepers.wakers.first_key_value().is_some_and(|(first, _)| *first == key) {
            self.earlier.notify_one();
        }
        key
    }

    fn remove(&self, key: Key) {
        self.lock().wakers.remove(&key);
    }
}

/// Sleeps until a moment.
pub(super) fn sleep_until(moment: Instant) -> PreciseSleep {
    PreciseSleep { moment, key: None }
}

/// Future of [`sleep_until`].
#[derive(Debug)]
pub(super) struct PreciseSleep {
    moment: Instant,
    key: Option<Key>,
}

impl Future for PreciseSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.moment {
            return Poll::Ready(());
        }
        self.key = Some(TIMER.wake_at(self.moment, self.key, context.waker()));
        Poll::Pending
    }
}

impl Drop for PreciseSleep {
    fn drop(&mut self) {
        // A waker that stays would wake a task for nothing, and keep its memory until then.
        if let Some(key) = self.key {
            TIMER.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn all_wake_in_order_and_not_early() {
        let begun = Instant::now();
        let (sender, mut woken) = tokio::sync::mpsc::unbounded_channel();
        for millis in [30, 10, 20, 0, 10] {
            let sender = sender.clone();
            tokio::spawn(async move {
                sleep_until(begun + Duration::from_millis(millis)).await;
                let _ = sender.send((millis, begun.elapsed()));
            });
        }
        // A sleep that is given up.
        let sleep = sleep_until(begun + Duration::from_millis(15));
        drop(tokio::time::timeout(Duration::from_millis(1), sleep).await);
        let mut order = Vec::new();
        for _ in 0..5 {
            let (millis, elapsed) = woken.recv().await.unwrap();
            assert!(elapsed >= Duration::from_millis(millis));
            order.push(millis);
        }
        assert_eq!(order, [0, 10, 10, 20, 30]);
    }
}
