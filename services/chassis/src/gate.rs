//! The way to one dependency: its circuit breaker and its door, asked in the right order.

use std::time::Duration;

use crate::breaker::{Breaker, BreakerSettings, BreakerState, Conduct, Open, Permit};
use crate::deadline::Deadline;
use crate::door::{Door, Pass, Shut};
use crate::problem::Problem;

/// The gate to one dependency; clones share it.
#[derive(Debug, Clone)]
pub struct Gate {
    dependency: &'static str,
    breaker: Breaker,
    door: Door,
}

/// Leave for one call. Say how it ended.
#[derive(Debug)]
pub struct Entered {
    permit: Permit,
    pass: Pass,
}

/// Why a call may not be made; nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// The dependency is taken for dead.
    #[error("{dependency} is not answering; the next attempt is in {} ms", retry_after.as_millis())]
    Dead {
        /// Which one.
        dependency: &'static str,
        /// After this time a call may pass.
        retry_after: Duration,
    },
    /// As many calls as may be are under way and waiting.
    #[error("{dependency}: {shut}")]
    Busy {
        /// Which one.
        dependency: &'static str,
        /// Full, or too late.
        shut: Shut,
    },
    /// The deadline had passed before the call could be made.
    #[error("{dependency} was not asked: the deadline of the request has passed")]
    Late {
        /// Which one.
        dependency: &'static str,
    },
}

impl Gate {
    /// A gate that lets `inside` calls run at once and `queue` wait for their turn.
    #[must_use]
    pub fn new(dependency: &'static str, breaker: BreakerSettings, inside: usize, queue: usize) -> Self {
        Self { dependency, breaker: Breaker::new(breaker), door: Door::new(inside, queue) }
    }

    /// Asks for leave to call, waiting for a place until the deadline.
    ///
    /// # Errors
    /// [`Closed`] says why not; nothing was sent then.
    pub async fn enter(&self, deadline: Deadline) -> Result<Entered, Closed> {
        // Nobody waits for such a call any more. It would still take a place and the dependency's time.
        if deadline.has_passed() {
            return Err(Closed::Late { dependency: self.dependency });
        }
        // A dead dependency is refused before the queue, and again after it: what waited must not be sent
        // to a dependency that died meanwhile, and a place inside must not be a probe's that still waits.
        if self.breaker.state() == BreakerState::Open {
            drop(self.admit()?);
        }
        let entering = self.door.enter(deadline).await;
        let pass = entering.map_err(|shut| Closed::Busy { dependency: self.dependency, shut })?;
        Ok(Entered { permit: self.admit()?, pass })
    }

    fn admit(&self) -> Result<Permit, Closed> {
        self.breaker
            .admit()
            .map_err(|Open { retry_after }| Closed::Dead { dependency: self.dependency, retry_after })
    }

    /// The breaker, for metrics and for whoever sees the dependency alive.
    #[must_use]
    pub fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    /// The name of the dependency.
    #[must_use]
    pub fn dependency(&self) -> &'static str {
        self.dependency
    }
}

impl Entered {
    /// Ends the call and counts the conduct of the dependency in it.
    pub fn end(self, conduct: Conduct) {
        self.permit.end(conduct);
    }

    /// The two halves, for a caller whose call outlasts its interest in the answer.
    #[must_use]
    pub fn split(self) -> (Permit, Pass) {
        (self.permit, self.pass)
    }
}

impl From<Closed> for Problem {
    fn from(closed: Closed) -> Self {
        let wait = match closed {
            Closed::Dead { retry_after, .. } => retry_after,
            Closed::Busy { .. } => Duration::from_secs(1),
            // Not 503: another attempt in time for the same deadline is as late.
            Closed::Late { .. } => return Self::unknown(closed.to_string()),
        };
        Self::unavailable(closed.to_string(), wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_dead_dependency_is_refused_before_the_queue() {
        let settings =
            BreakerSettings { failures: 1, pause: Duration::from_secs(60), ..BreakerSettings::default() };
        let gate = Gate::new("logger", settings, 1, 1);
        let soon = Deadline::after(Duration::from_secs(60));
        let held = gate.enter(soon).await.unwrap();
        gate.breaker().admit().unwrap().end(Conduct::Broken);
        assert!(matches!(gate.enter(soon).await, Err(Closed::Dead { dependency: "logger", .. })));
        held.end(Conduct::Answered);
        gate.breaker().close();
        gate.enter(soon).await.unwrap().end(Conduct::Answered);
    }

    #[tokio::test]
    async fn a_deadline_that_has_passed_is_refused_though_a_place_is_free() {
        let gate = Gate::new("logger", BreakerSettings::default(), 1, 1);
        let passed = Deadline::after(Duration::ZERO);
        assert_eq!(gate.enter(passed).await.unwrap_err(), Closed::Late { dependency: "logger" });
        assert_eq!(Problem::from(Closed::Late { dependency: "logger" }).status(), 504);
    }
}
