//! A circuit breaker for one dependency: it opens after some failures in a row, then refuses callers at once until a
//! single probe succeeds.
//!
//! The breaker is shared by all callers, so it judges the dependency alone. A caller chooses its own deadline, and one
//! that gives up early has seen nothing: see [`Conduct::Silent`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use tokio::time::Instant;

use crate::duration;

/// Settings of a breaker.
#[derive(Debug, Clone, Copy)]
pub struct BreakerSettings {
    /// Failures in a row that open it.
    pub failures: u32,
    /// Time for which it refuses before it lets one probe through.
    pub pause: Duration,
    /// Time without an answer, since the call was sent, after which silence is a failure of the dependency.
    pub patience: Duration,
}

/// Settings of a breaker as flags and environment of a service.
#[derive(Debug, Clone, Args)]
pub struct BreakerArguments {
    /// Failures of a dependency in a row after which requests are refused without asking it
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub breaker_failures: u32,
    /// Time for which they are refused before one is let through
    #[arg(long, default_value = "500ms", value_parser = duration::parse)]
    pub breaker_pause: Duration,
    /// Time without an answer that is a failure of a dependency, whatever less its callers allow it; four fifths of the
    /// request timeout if not given
    #[arg(long, value_parser = duration::parse)]
    pub breaker_patience: Option<Duration>,
}

impl BreakerArguments {
    /// The settings of a breaker in a service with this time for a request that brings none.
    #[must_use]
    pub fn settings(&self, request_timeout: Duration) -> BreakerSettings {
        BreakerSettings {
            failures: self.breaker_failures,
            pause: self.breaker_pause,
            // Less than the whole: each hop on the way keeps a part of a deadline for the way back, and a request may
            // have waited for its turn.
            patience: self.breaker_patience.unwrap_or(request_timeout * 4 / 5),
        }
    }
}

impl Default for BreakerSettings {
    /// Five failures; half a second; four seconds.
    fn default() -> Self {
        // The patience is what `settings` derives from a request timeout of five seconds.
        Self { failures: 5, pause: Duration::from_millis(500), patience: Duration::from_secs(4) }
    }
}

/// State of a breaker; the numbers are those of the metric `circuit_breaker_state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls pass.
    Closed = 0,
    /// Half-open: a probe is in flight, or may be.
    HalfOpen = 1,
    /// Calls are refused.
    Open = 2,
}

/// Conduct of the dependency in one call: all that a breaker counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conduct {
    /// An answer came, be it a refusal.
    Answered,
    /// The connection broke, or could not be made.
    Broken,
    /// No answer came before the caller gave up.
    // It counts as a failure only where the call was sent and the caller waited for [`BreakerSettings::patience`]:
    // else callers with short deadlines would shut out all others.
    Silent {
        /// Moment at which the call was sent; none for a call that never was.
        sent: Option<Instant>,
    },
}

#[derive(Debug)]
enum Phase {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
    },
    /// `probe` is the moment at which the newest probe was let through; none when the next caller may probe.
    HalfOpen {
        probe: Option<Instant>,
    },
}

/// The state, and how often it has changed.
// A call counts only in the era that admitted it: one from before an outage that times out after it says nothing
// about now.
#[derive(Debug)]
struct Era {
    state: Phase,
    number: u64,
}

/// A circuit breaker; clones share their state.
#[derive(Debug, Clone)]
pub struct Breaker {
    settings: BreakerSettings,
    era: Arc<Mutex<Era>>,
}

/// Refusal of an open breaker; nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the circuit breaker is open; the next attempt is in {} ms", retry_after.as_millis())]
pub struct BreakerOpen {
    /// Time until a call may pass.
    pub retry_after: Duration,
}

/// Permission for one call. Dropped without [`Permit::end`] (the caller went away) it counts neither as success nor as
/// failure.
#[derive(Debug)]
pub struct Permit {
    breaker: Breaker,
    era: u64,
    admitted: Instant,
    ended: bool,
}

impl Breaker {
    /// A closed breaker.
    #[must_use]
    pub fn new(settings: BreakerSettings) -> Self {
        let era = Era { state: Phase::Closed { failures: 0 }, number: 0 };
        Self { settings, era: Arc::new(Mutex::new(era)) }
    }

    /// Asks for permission to call.
    ///
    /// # Errors
    /// [`BreakerOpen`] while the dependency is taken for dead.
    pub fn admit(&self) -> Result<Permit, BreakerOpen> {
        self.admit_at(Instant::now())
    }

    fn admit_at(&self, now: Instant) -> Result<Permit, BreakerOpen> {
        let mut era = self.lock();
        match era.state {
            Phase::Closed { .. } => {}
            Phase::Open { until } if now < until => {
                return Err(BreakerOpen { retry_after: until - now });
            }
            // A probe that never said how it ended must not keep the breaker shut for ever.
            Phase::HalfOpen { probe: Some(since) } if now < since + self.settings.pause => {
                return Err(BreakerOpen { retry_after: since + self.settings.pause - now });
            }
            // The same era: an earlier probe may only be slow, and its word is worth the same.
            Phase::HalfOpen { .. } => era.state = Phase::HalfOpen { probe: Some(now) },
            Phase::Open { .. } => era.turn(Phase::HalfOpen { probe: Some(now) }),
        }
        Ok(Permit { breaker: self.clone(), era: era.number, admitted: now, ended: false })
    }

    /// The state now.
    #[must_use]
    pub fn state(&self) -> BreakerState {
        match self.lock().state {
            Phase::Closed { .. } => BreakerState::Closed,
            Phase::Open { until } if Instant::now() < until => BreakerState::Open,
            // After its pause an open breaker lets the next call through, which only then changes the phase.
            Phase::Open { .. } | Phase::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// Time without an answer after which silence is a failure of the dependency.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.settings.patience
    }

    /// Closes it from outside: the dependency was seen alive, for instance by a connection made anew. Calls
    /// from before do not count any more.
    pub fn close(&self) {
        // A new era even if it is closed: the failures counted so far are older than this sign of life.
        self.lock().turn(Phase::Closed { failures: 0 });
    }

    fn fail(&self, era_of_call: u64, now: Instant) {
        let mut era = self.lock();
        if era.number != era_of_call {
            return;
        }
        match &mut era.state {
            Phase::Closed { failures } if *failures + 1 < self.settings.failures => *failures += 1,
            // One failure too many, or one of a probe. No call can belong to an open era, which admits none.
            _ => era.turn(Phase::Open { until: now + self.settings.pause }),
        }
    }

    fn succeed(&self, era_of_call: u64) {
        let mut era = self.lock();
        if era.number != era_of_call {
            return;
        }
        match &mut era.state {
            Phase::Closed { failures } => *failures = 0,
            _ => era.turn(Phase::Closed { failures: 0 }),
        }
    }

    /// Frees the place of a probe that learned nothing.
    // The era stays, so that another probe of it still counts.
    fn abandon(&self, era_of_call: u64, admitted: Instant) {
        let mut era = self.lock();
        // Only its own place: a newer probe may have taken that since.
        if era.number == era_of_call
            && let Phase::HalfOpen { probe } = &mut era.state
            && *probe == Some(admitted)
        {
            *probe = None;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Era> {
        // Nothing under this lock can panic in the middle of a change, so a poisoned lock is still right.
        self.era.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Era {
    fn turn(&mut self, state: Phase) {
        self.state = state;
        self.number += 1;
    }
}

impl Permit {
    /// Ends the call and counts the conduct of the dependency in it.
    pub fn end(self, conduct: Conduct) {
        self.end_at(conduct, Instant::now());
    }

    fn end_at(mut self, conduct: Conduct, now: Instant) {
        match conduct {
            Conduct::Answered => self.breaker.succeed(self.era),
            Conduct::Broken => self.breaker.fail(self.era, now),
            Conduct::Silent { sent: Some(sent) } if now.duration_since(sent) >= self.breaker.patience() => {
                self.breaker.fail(self.era, now);
            }
            // Dropped as if it had never been: the dependency had no time to show anything.
            Conduct::Silent { .. } => return,
        }
        self.ended = true;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.ended {
            self.breaker.abandon(self.era, self.admitted);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PAUSE: Duration = Duration::from_secs(1);
    const PATIENCE: Duration = Duration::from_secs(4);

    fn breaker() -> Breaker {
        Breaker::new(BreakerSettings { failures: 2, pause: PAUSE, patience: PATIENCE })
    }

    fn fail(breaker: &Breaker, now: Instant) {
        breaker.admit_at(now).unwrap().end_at(Conduct::Broken, now);
    }

    #[test]
    fn failures_in_a_row_open_it_and_one_probe_closes_it() {
        let (breaker, now) = (breaker(), Instant::now());
        fail(&breaker, now);
        breaker.admit_at(now).unwrap().end(Conduct::Answered);
        fail(&breaker, now);
        assert_eq!(breaker.state(), BreakerState::Closed, "a success between them counts");
        fail(&breaker, now);
        assert!(breaker.admit_at(now).is_err());
        let probe = breaker.admit_at(now + PAUSE).unwrap();
        assert!(breaker.admit_at(now + PAUSE).is_err(), "one probe at a time");
        probe.end(Conduct::Answered);
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
        slow.end(Conduct::Answered);
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
        late.into_iter().for_each(|permit| permit.end_at(Conduct::Broken, now));
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[test]
    fn a_late_failure_from_before_does_not_shut_a_breaker_that_probes() {
        let (breaker, now) = (breaker(), Instant::now());
        let late = breaker.admit_at(now).unwrap();
        fail(&breaker, now);
        fail(&breaker, now);
        let probe = breaker.admit_at(now + PAUSE).unwrap();
        late.end_at(Conduct::Broken, now + PAUSE);
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        probe.end(Conduct::Answered);
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    fn give_up(permit: Permit, sent: Option<Instant>, now: Instant) {
        permit.end_at(Conduct::Silent { sent }, now);
    }

    #[test]
    fn silence_counts_once_the_call_was_waited_for() {
        let (breaker, now) = (breaker(), Instant::now());
        for _ in 0..2 {
            let permit = breaker.admit_at(now).unwrap();
            give_up(permit, Some(now), now + PATIENCE);
        }
        assert!(breaker.admit_at(now + PATIENCE).is_err());
    }

    #[test]
    fn an_impatient_probe_discards_nothing_that_another_probe_finds() {
        let (breaker, now) = (breaker(), Instant::now());
        fail(&breaker, now);
        fail(&breaker, now);
        let impatient = breaker.admit_at(now + PAUSE).unwrap();
        let patient = breaker.admit_at(now + PAUSE * 2).unwrap();
        give_up(impatient, Some(now + PAUSE), now + PAUSE * 2);
        assert!(breaker.admit_at(now + PAUSE * 2).is_err(), "the place is the other's");
        patient.end(Conduct::Answered);
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    /// Calls of impatient callers: whether each was sent, and for how many milliseconds it was waited.
    fn impatience() -> impl Strategy<Value = Vec<(bool, u64)>> {
        prop::collection::vec((any::<bool>(), 0..4000u64), 1..40)
    }

    proptest! {
        #[test]
        fn no_deadlines_below_the_patience_open_a_breaker(calls in impatience()) {
            let (breaker, mut now) = (breaker(), Instant::now());
            for (sent, waited) in calls {
                let permit = breaker.admit_at(now).unwrap();
                let since = sent.then_some(now);
                now += Duration::from_millis(waited);
                give_up(permit, since, now);
                prop_assert_eq!(breaker.state(), BreakerState::Closed);
            }
        }

        #[test]
        fn calls_that_were_never_sent_open_none_however_long_they_waited(calls in impatience()) {
            let (breaker, mut now) = (breaker(), Instant::now());
            for (_, waited) in calls {
                let permit = breaker.admit_at(now).unwrap();
                now += Duration::from_millis(waited * 100);
                give_up(permit, None, now);
                prop_assert_eq!(breaker.state(), BreakerState::Closed);
            }
        }

        #[test]
        fn impatient_probes_neither_close_nor_reopen_it_and_keep_nobody_out(calls in impatience()) {
            let (breaker, mut now) = (breaker(), Instant::now());
            fail(&breaker, now);
            fail(&breaker, now);
            now += PAUSE;
            for (sent, waited) in calls {
                let probe = breaker.admit_at(now);
                prop_assert!(probe.is_ok(), "the place of the probe before is free");
                let since = sent.then_some(now);
                now += Duration::from_millis(waited);
                give_up(probe.unwrap(), since, now);
                prop_assert_eq!(breaker.state(), BreakerState::HalfOpen);
            }
            breaker.admit_at(now).unwrap().end(Conduct::Answered);
            prop_assert_eq!(breaker.state(), BreakerState::Closed);
        }
    }
}
