//! One load on a system that runs: sends it, measures it, ends it when a threshold says so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::load::{Engine, LoadError, Operation, Sent, Sink, Target};
use crate::measure::tally::OperationEnd;
use crate::measure::{Meter, PhaseResult, Second, Tally, Threshold};
use crate::scenario::Schedule;

/// Time from the call to the start of the load: connections are opened meanwhile.
const LEAD: Duration = Duration::from_millis(200);

/// Seconds that a threshold is judged by.
const WINDOW: u64 = 5;

/// A load on a system that runs.
pub struct Trial<'a> {
    /// Begins the ids of its operations.
    pub run: &'a str,
    /// The exact arrivals.
    pub schedule: &'a Schedule,
    /// Where each path goes.
    pub targets: &'a BTreeMap<String, Target>,
    /// What ends it before its time: whatever is true of the last five seconds.
    pub abort_if: &'a [Threshold],
}

/// What a trial gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// What became of the operations, by phase.
    pub phases: Vec<PhaseResult>,
    /// How long it took.
    pub took: Duration,
    /// CPU time that the generator's threads used.
    pub cpu: Duration,
    /// The threshold that ended it, and when.
    pub aborted: Option<String>,
}

impl Measured {
    /// All phases and paths as one.
    #[must_use]
    pub fn total(&self) -> Tally {
        Tally::sum(self.phases.iter().flat_map(|phase| phase.paths.values()))
    }
}

/// What is told once a second.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Time since the start of the load.
    pub at: Duration,
    /// What became until now of the operations that were due in the last whole second, by path.
    pub last: BTreeMap<String, Tally>,
    /// Seconds whose operations have all ended.
    pub seconds: Vec<Second>,
}

impl Trial<'_> {
    /// Runs it to its end, or until `stop`: then nothing more is sent, and what is under way is waited for.
    ///
    /// # Errors
    /// [`LoadError`] when the load can't be made.
    pub async fn conduct(
        &self,
        told: &mut (dyn FnMut(Tick) + Send),
        stop: &CancellationToken,
    ) -> Result<Measured, LoadError> {
        let meter = Arc::new(Meter::new(self.schedule));
        let start = Instant::now() + LEAD;
        let sink = Metering(Arc::clone(&meter));
        let stop = stop.child_token();
        let engine = Engine::new(self.run, self.schedule, self.targets, start, sink)?.finishing();
        let mut work = std::pin::pin!(engine.run(stop.clone()));
        let mut ticks = tokio::time::interval_at(start + Duration::from_secs(1), Duration::from_secs(1));
        let mut aborted = None;
        let cpu = loop {
            tokio::select! {
                cpu = &mut work => break cpu?,
                _ = ticks.tick() => {
                    let at = start.elapsed();
                    told(self.tick(&meter, at));
                    if aborted.is_none() && let Some(why) = self.exceeded(&meter, at) {
                        aborted = Some(why);
                        stop.cancel();
                    }
                }
            }
        };
        let took = start.elapsed();
        told(Tick { at: took, last: BTreeMap::new(), seconds: meter.take_rest() });
        Ok(Measured { phases: meter.phases(), took, cpu, aborted })
    }

    fn tick(&self, meter: &Meter, at: Duration) -> Tick {
        // What was due before can still end until its own deadline, and a little longer.
        let settled = at.saturating_sub(self.schedule.timeout.duration() + Duration::from_secs(2));
        let last = meter.recent(at.as_secs(), 1);
        Tick { at, last, seconds: meter.take(settled.as_secs()) }
    }

    /// The first threshold that is exceeded by the last seconds, when there are enough of them.
    fn exceeded(&self, meter: &Meter, at: Duration) -> Option<String> {
        let until = at.as_secs();
        if self.abort_if.is_empty() || until < WINDOW {
            return None;
        }
        let paths = meter.recent(until, WINDOW);
        let holds = |threshold: &&Threshold| match &threshold.path {
            Some(path) => paths.get(path).is_some_and(|tally| threshold.holds(tally)),
            None => paths.values().any(|tally| threshold.holds(tally)),
        };
        let found = self.abort_if.iter().find(holds)?;
        Some(format!("\"{found}\" was true of the {WINDOW} s before {until} s"))
    }
}

/// Counts operations.
struct Metering(Arc<Meter>);

impl Sink for Metering {
    async fn begins(&self, _: &Operation, _: i64) {}

    async fn ends(&self, operation: Operation, sent: i64, ended: i64, came: Sent) {
        let Sent { outcome, status, message, undeclared: _ } = came;
        let ended =
            OperationEnd { due: operation.due, sent, ended, outcome, status, message: message.as_deref() };
        self.0.ended(operation.stream, ended);
    }

    async fn dropped(&self, operation: Operation) {
        self.0.dropped(operation.stream, operation.due);
    }
}
