//! Waits between attempts to reconnect: doubling, with jitter, up to a limit.

use std::time::Duration;

/// The next wait after each failed attempt.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    limit: Duration,
    next: Duration,
}

impl Backoff {
    /// Waits from about `first` up to about `limit`.
    #[must_use]
    pub fn new(first: Duration, limit: Duration) -> Self {
        Self { first, limit, next: first }
    }

    /// The wait now, from half to all of the nominal one; the one after it is twice as long.
    pub fn pause(&mut self) -> Duration {
        let nominal = self.next;
        self.next = (nominal * 2).min(self.limit);
        // Random, so that many clients of one server do not come back at the same moments.
        nominal.mul_f64(0.5 + rand::random::<f64>() / 2.0)
    }

    /// Begins anew, after a success.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}

impl Default for Backoff {
    /// Waits of 50 ms to 500 ms: a dependency that is back is found within half a second, and one that is
    /// away costs two attempts a second.
    fn default() -> Self {
        Self::new(Duration::from_millis(50), Duration::from_millis(500))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_limit_and_begin_anew() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(300));
        for nominal in [100, 200, 300, 300] {
            let wait = backoff.pause();
            assert!(wait >= Duration::from_millis(nominal / 2) && wait <= Duration::from_millis(nominal));
        }
        backoff.reset();
        assert!(backoff.pause() <= Duration::from_millis(100));
    }
}
