//! The way to one dependency: its circuit breaker and its admission, asked in the right order.

use std::time::Duration;

use crate::admission::{Admission, Overload, Slot};
use crate::breaker::{Breaker, BreakerOpen, BreakerSettings, BreakerState, Conduct, Permit};
use crate::deadline::Deadline;
use crate::problem::Problem;

/// The gate to one dependency; clones share it.
#[derive(Debug, Clone)]
pub struct Gate {
    dependency: &'static str,
    breaker: Breaker,
    admission: Admission,
}

/// Leave for one call. Say how it ended.
#[derive(Debug)]
pub struct GatePass {
    permit: Permit,
    slot: Slot,
}

/// Reason why a call may not be made; nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GateClosed {
    /// The dependency is taken for dead.
    #[error("{dependency} is not answering; the next attempt is in {} ms", retry_after.as_millis())]
    Dead {
        /// Name of the dependency.
        dependency: &'static str,
        /// Time until a call may pass.
        retry_after: Duration,
    },
    /// Full: as many calls as may be are in flight and waiting.
    #[error("{dependency}: {overload}")]
    Busy {
        /// Name of the dependency.
        dependency: &'static str,
        /// Full, or too late.
        overload: Overload,
    },
    /// The deadline had passed before the call could be made.
    #[error("{dependency} was not asked: the deadline of the request has passed")]
    Late {
        /// Name of the dependency.
        dependency: &'static str,
    },
}

impl Gate {
    /// A gate that lets `inside` calls run at once and `queue` wait for their turn.
    #[must_use]
    pub fn new(dependency: &'static str, breaker: BreakerSettings, inside: usize, queue: usize) -> Self {
        Self { dependency, breaker: Breaker::new(breaker), admission: Admission::new(inside, queue) }
    }

    /// Asks for leave to call, waiting for a place until the deadline.
    ///
    /// # Errors
    /// [`GateClosed`] says why not; nothing was sent then.
    pub async fn enter(&self, deadline: Deadline) -> Result<GatePass, GateClosed> {
        // Nobody waits for such a call any more. It would still take a place and the dependency's time.
        if deadline.has_passed() {
            return Err(GateClosed::Late { dependency: self.dependency });
        }
        // A dead dependency is refused before the queue, and again after it: what waited must not be sent
        // to a dependency that died meanwhile, and a place inside must not be a probe's that still waits.
        if self.breaker.state() == BreakerState::Open {
            // Dropped at once: if the pause has just ended, it is a probe's permit, whose place must be free.
            drop(self.admit()?);
        }
        let entering = self.admission.enter(deadline).await;
        let slot = entering.map_err(|overload| GateClosed::Busy { dependency: self.dependency, overload })?;
        // The permit last, since the time of a probe begins with it.
        Ok(GatePass { permit: self.admit()?, slot })
    }

    fn admit(&self) -> Result<Permit, GateClosed> {
        self.breaker.admit().map_err(|BreakerOpen { retry_after }| GateClosed::Dead {
            dependency: self.dependency,
            retry_after,
        })
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

impl GatePass {
    /// Ends the call and counts the conduct of the dependency in it.
    pub fn end(self, conduct: Conduct) {
        self.permit.end(conduct);
    }

    /// The two halves, for a caller whose call outlasts its interest in the answer.
    #[must_use]
    pub fn split(self) -> (Permit, Slot) {
        (self.permit, self.slot)
    }
}

impl From<GateClosed> for Problem {
    fn from(closed: GateClosed) -> Self {
        let wait = match closed {
            GateClosed::Dead { retry_after, .. } => retry_after,
            // A queue that is full is served within about that; the exact time nobody knows.
            GateClosed::Busy { .. } => Duration::from_secs(1),
            // Not 503: another attempt in time for the same deadline is as late.
            GateClosed::Late { .. } => return Self::unknown(closed.to_string()),
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
        assert!(matches!(gate.enter(soon).await, Err(GateClosed::Dead { dependency: "logger", .. })));
        held.end(Conduct::Answered);
        gate.breaker().close();
        gate.enter(soon).await.unwrap().end(Conduct::Answered);
    }

    #[tokio::test]
    async fn a_deadline_that_has_passed_is_refused_though_a_place_is_free() {
        let gate = Gate::new("logger", BreakerSettings::default(), 1, 1);
        let passed = Deadline::after(Duration::ZERO);
        assert_eq!(gate.enter(passed).await.unwrap_err(), GateClosed::Late { dependency: "logger" });
        assert_eq!(Problem::from(GateClosed::Late { dependency: "logger" }).status(), 504);
    }
}
