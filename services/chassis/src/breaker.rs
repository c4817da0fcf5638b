//! A circuit breaker for one dependency: after some failures in a row callers are refused at once, until a
//! single probe succeeds.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// When a breaker opens and for how long.
#[derive(Debug, Clone, Copy)]
pub struct BreakerSettings {
    /// Failures in a row that open it.
    pub failures: u32,
    /// How long it refuses before it lets one probe through.
    pub pause: Duration,
}

impl Default for BreakerSettings {
    /// Five failures; half a second.
    fn default() -> Self {
        Self { failures: 5, pause: Duration::from_millis(500) }
    }
}

/// What a breaker is doing; the numbers are those of the metric `circuit_breaker_state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls pass.
    Closed = 0,
    /// One probe is under way, or may be.
    HalfOpen = 1,
    /// Calls are refused.
    Open = 2,
}

#[derive(Debug)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant },
    Probing { since: Instant },
}

/// The state, and how often it has changed. A call counts only in the era that admitted it: one from before
/// an outage that times out after it says nothing about now.
#[derive(Debug)]
struct Era {
    state: State,
    number: u64,
}

/// A circuit breaker; clones share their state.
#[derive(Debug, Clone)]
pub struct Breaker {
    settings: BreakerSettings,
    era: Arc<Mutex<Era>>,
}

/// The dependency is taken for dead; nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the circuit breaker is open; the next attempt is in {} ms", retry_after.as_millis())]
pub struct Open {
    /// After this time a call may pass.
    pub retry_after: Duration,
}

/// Leave for one call. Say how it ended; dropped without a word (the caller went away) it counts neither
/// as success nor as failure.
#[derive(Debug)]
pub struct Permit {
    breaker: Breaker,
    era: u64,
    told: bool,
}

impl Breaker {
    /// A closed breaker.
    #[must_use]
    pub fn new(settings: BreakerSettings) -> Self {
        let era = Era { state: State::Closed { failures: 0 }, number: 0 };
        Self { settings, era: Arc::new(Mutex::new(era)) }
    }

    /// Asks for leave to call.
    ///
    /// # Errors
    /// [`Open`] while the dependency is taken for dead.
    pub fn admit(&self) -> Result<Permit, Open> {
        self.admit_at(Instant::now())
    }

    fn admit_at(&self, now: Instant) -> Result<Permit, Open> {
        let mut era = self.lock();
        match era.state {
            State::Closed { .. } => {}
            State::Open { until } if now < until => {
                return Err(Open { retry_after: until - now });
            }
            // A probe that never said how it ended must not keep the breaker shut for ever.
            State::Probing { since } if now < since + self.settings.pause => {
                return Err(Open { retry_after: since + self.settings.pause - now });
            }
            // The same era: the first probe may only be slow, and its word is worth the same.
            State::Probing { .. } => era.state = State::Probing { since: now },
            State::Open { .. } => era.turn(State::Probing { since: now }),
        }
        Ok(Permit { breaker: self.clone(), era: era.number, told: false })
    }

    /// What it is doing now.
    #[must_use]
    pub fn state(&self) -> BreakerState {
        match self.lock().state {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { until } if Instant::now() < until => BreakerState::Open,
            State::Open { .. } | State::Probing { .. } => BreakerState::HalfOpen,
        }
    }

    /// Closes it from outside: the dependency was seen alive, for instance by a connection made anew. Calls
    /// from before do not count any more.
    pub fn close(&self) {
        self.lock().turn(State::Closed { failures: 0 });
    }

    fn fail(&self, era_of_call: u64, now: Instant) {
        let mut era = self.lock();
        if era.number != era_of_call {
            return;
        }
        match &mut era.state {
            State::Closed { failures } if *failures + 1 < self.settings.failures => *failures += 1,
            _ => era.turn(State::Open { until: now + self.settings.pause }),
        }
    }

    fn succeed(&self, era_of_call: u64) {
        let mut era = self.lock();
        if era.number != era_of_call {
            return;
        }
        match &mut era.state {
            State::Closed { failures } => *failures = 0,
            _ => era.turn(State::Closed { failures: 0 }),
        }
    }

    fn abandon(&self, era_of_call: u64) {
        let mut era = self.lock();
        if era.number == era_of_call && matches!(era.state, State::Probing { .. }) {
            // The next caller may probe at once.
            let now = Instant::now();
            era.turn(State::Open { until: now });
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Era> {
        self.era.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Era {
    fn turn(&mut self, state: State) {
        self.state = state;
        self.number += 1;
    }
}

impl Permit {
    /// The dependency answered, be it with a refusal of its own.
    pub fn success(mut self) {
        self.told = true;
        self.breaker.succeed(self.era);
    }

    /// The dependency did not answer, or said that it can't.
    pub fn failure(self) {
        self.failure_at(Instant::now());
    }

    fn failure_at(mut self, now: Instant) {
        self.told = true;
        self.breaker.fail(self.era, now);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.told {
            self.breaker.abandon(self.era);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(1);

    fn breaker() -> Breaker {
        Breaker::new(BreakerSettings { failures: 2, pause: PAUSE })
    }

    fn fail(breaker: &Breaker, now: Instant) {
        breaker.admit_at(now).unwrap().failure_at(now);
    }

    #[test]
    fn failures_in_a_row_open_it_and_one_probe_closes_it() {
        let (breaker, now) = (breaker(), Instant::now());
        fail(&breaker, now);
        breaker.admit_at(now).unwrap().success();
        fail(&breaker, now);
        assert_eq!(breaker.state(), BreakerState::Closed, "a success between them counts");
        fail(&breaker, now);
        assert!(breaker.admit_at(now).is_err());
        let probe = breaker.admit_at(now + PAUSE).unwrap();
        assert!(breaker.admit_at(now + PAUSE).is_err(), "one probe at a time");
        probe.success();
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[test]
    fn a_failed_probe_opens_it_again() {
        let (breaker, now) = (breaker(), Instant::now());
        fail(&breaker, now);
        fail(&breaker, now);
        fail(&breaker, now + PAUSE);
        assert_eq!(breaker.admit_at(now + PAUSE).unwrap_err().retry_after, PAUSE);
    }

    #[test]
    fn a_slow_probe_closes_it_though_another_has_begun() {
        let (breaker, now) = (breaker(), Instant::now());
        fail(&breaker, now);
        fail(&breaker, now);
        let slow = breaker.admit_at(now + PAUSE).unwrap();
        let _second = breaker.admit_at(now + PAUSE * 2).unwrap();
        slow.success();
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[test]
    fn a_probe_that_is_dropped_leaves_the_next_one_free() {
        let (breaker, now) = (breaker(), Instant::now());
        fail(&breaker, now);
        fail(&breaker, now);
        drop(breaker.admit_at(now + PAUSE).unwrap());
        assert!(breaker.admit_at(now + PAUSE).is_ok());
    }

    #[test]
    fn calls_from_before_an_outage_do_not_count_after_it() {
        let (breaker, now) = (breaker(), Instant::now());
        let late: Vec<_> = (0..4).map(|_| breaker.admit_at(now).unwrap()).collect();
        fail(&breaker, now);
        fail(&breaker, now);
        breaker.close();
        late.into_iter().for_each(|permit| permit.failure_at(now));
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[test]
    fn a_late_failure_from_before_does_not_shut_a_breaker_that_probes() {
        let (breaker, now) = (breaker(), Instant::now());
        let late = breaker.admit_at(now).unwrap();
        fail(&breaker, now);
        fail(&breaker, now);
        let probe = breaker.admit_at(now + PAUSE).unwrap();
        late.failure_at(now + PAUSE);
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        probe.success();
        assert_eq!(breaker.state(), BreakerState::Closed);
    }
}
