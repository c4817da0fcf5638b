//! Attempts at something that may fail or hang, such as a connection: repeated until one succeeds.

use std::collections::VecDeque;
use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use crate::backoff::Backoff;

/// Intervals and bounds of attempts.
#[derive(Debug, Clone, Copy)]
pub struct Attempts {
    /// The wait between the beginnings of two attempts; after failures the first waits are shorter.
    pub interval: Duration,
    /// Attempts in flight at the same time, at most. Beyond it the first one goes on, which a slow link may
    /// need, and the oldest of the others is given up.
    pub beside: usize,
    /// Time that a single attempt may take.
    pub each: Duration,
}

impl Attempts {
    /// Attempts to connect to a dependency, each of which may take `each`. One that is back is found within a quarter of
    /// a second.
    #[must_use]
    pub const fn each(each: Duration) -> Self {
        // Few, since one that hangs holds a socket, with lapin a thread too, until its time is over.
        Self { interval: Duration::from_millis(250), beside: 4, each }
    }

    /// Attempts until one succeeds; the others are then aborted. `failed` is told of each failure. To stop
    /// before a success, drop the future.
    // A connection that hangs tells nothing about the next one (its bytes may have been dropped by a link that has
    // recovered), so a hanging attempt is not waited for: another one begins beside it, and the first to succeed
    // wins.
    pub async fn until_success<T, E, F>(
        self,
        mut attempt: impl FnMut() -> F,
        mut failed: impl FnMut(&str),
    ) -> T
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Display + Send + 'static,
    {
        // Short at first: what is just starting refuses a connection, and accepts one a moment later.
        let mut backoff = Backoff::new(Duration::from_millis(50), self.interval);
        // Dropping the set aborts what is in it: after a success, and when the caller drops this future.
        let mut running = JoinSet::new();
        let mut handles = VecDeque::new();
        loop {
            make_room(&mut handles, self.beside);
            handles.push_back(running.spawn(tokio::time::timeout(self.each, attempt())));
            // Beside one that is only slow, a second would be wasted work for the server: it gets its time.
            let (failing, hanging) = (Instant::now() + backoff.pause(), Instant::now() + self.interval);
            loop {
                let next = if running.is_empty() { failing } else { hanging };
                tokio::select! {
                    // Results first: with one in hand the next attempt is needless.
                    biased;
                    // None from an empty set disables this branch, and the clock alone decides.
                    Some(ended) = running.join_next() => match ended {
                        Ok(Ok(Ok(value))) => return value,
                        Ok(Ok(Err(error))) => failed(&error.to_string()),
                        Ok(Err(_)) => failed(&format!("no answer within {:?}", self.each)),
                        // Given up by `make_room`.
                        Err(_) => {}
                    },
                    () = tokio::time::sleep_until(next) => break,
                }
            }
        }
    }
}

fn make_room(handles: &mut VecDeque<AbortHandle>, beside: usize) {
    handles.retain(|handle| !handle.is_finished());
    // Place 1 is the oldest of the others. Where only one attempt may run, the first itself has to give way.
    if handles.len() >= beside.max(1)
        && let Some(handle) = handles.remove(usize::from(handles.len() > 1))
    {
        handle.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const ATTEMPTS: Attempts =
        Attempts { interval: Duration::from_millis(100), beside: 3, each: Duration::from_secs(30) };

    #[tokio::test(start_paused = true)]
    async fn failures_are_told_and_followed_by_another_attempt() {
        let (tries, mut told) = (Arc::new(AtomicU32::new(0)), Vec::new());
        let attempt = || {
            let tries = Arc::clone(&tries);
            async move {
                match tries.fetch_add(1, Ordering::SeqCst) {
                    2 => Ok(7),
                    n => Err(format!("no {n}")),
                }
            }
        };
        let value = ATTEMPTS.until_success(attempt, |failure| told.push(failure.to_owned())).await;
        assert_eq!((value, told), (7, vec!["no 0".to_owned(), "no 1".to_owned()]));
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_that_hang_do_not_keep_a_later_one_from_success() {
        let tries = Arc::new(AtomicU32::new(0));
        let attempt = || {
            let mine = tries.fetch_add(1, Ordering::SeqCst);
            async move {
                if mine < 9 {
                    std::future::pending::<()>().await;
                }
                Ok::<_, String>(mine)
            }
        };
        let begun = tokio::time::Instant::now();
        assert_eq!(ATTEMPTS.until_success(attempt, |_| {}).await, 9);
        assert!(begun.elapsed() < Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_attempt_is_left_its_time() {
        let tries = Arc::new(AtomicU32::new(0));
        let attempt = || {
            let mine = tries.fetch_add(1, Ordering::SeqCst);
            async move {
                tokio::time::sleep(Duration::from_secs(2)).await;
                Ok::<_, String>(mine)
            }
        };
        assert_eq!(ATTEMPTS.until_success(attempt, |_| {}).await, 0);
    }
}
