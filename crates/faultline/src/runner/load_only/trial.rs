//! One load on a system that runs: sent, measured, and aborted when a threshold is crossed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::load::{LoadEngine, LoadError, LoadOperation, OperationRecorder, PathTarget, Response};
use crate::measure::tally::OperationEnd;
use crate::measure::{Meter, PhaseResult, Tally, Threshold};
use crate::runner::progress::Tick;
use crate::scenario::Schedule;

/// Time from the call to the start of the load, in which connections are opened.
const LEAD: Duration = Duration::from_millis(200);

/// Seconds over which a threshold is judged.
const WINDOW: u64 = 5;

/// A load on a system that runs.
pub struct Trial<'a> {
    /// Prefix of the ids of its operations.
    pub run: &'a str,
    /// Schedule of the load.
    pub schedule: &'a Schedule,
    /// Targets by path.
    pub targets: &'a BTreeMap<String, PathTarget>,
    /// Thresholds that abort the load when one is crossed over the last five seconds.
    pub abort_if: &'a [Threshold],
}

/// Result of a trial.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialMeasurement {
    /// Figures of each stage.
    pub phases: Vec<PhaseResult>,
    /// Duration of the trial.
    pub took: Duration,
    /// CPU time that the generator's threads used.
    pub cpu: Duration,
    /// Threshold that aborted the trial, and its time; none for one that ran to its end.
    pub aborted: Option<String>,
}

impl TrialMeasurement {
    /// Sums up all stages and paths.
    #[must_use]
    pub fn total(&self) -> Tally {
        Tally::sum(self.phases.iter().flat_map(|phase| phase.paths.values()))
    }
}

impl Trial<'_> {
    /// Sends the load to its end, or until `stop`; then waits for the operations in flight.
    ///
    /// # Errors
    /// [`LoadError`] when the load can't be made.
    pub async fn conduct(
        &self,
        report: &mut (dyn FnMut(Tick) + Send),
        stop: &CancellationToken,
    ) -> Result<TrialMeasurement, LoadError> {
        let meter = Arc::new(Meter::new(self.schedule));
        let start = Instant::now() + LEAD;
        let recorder = OperationMeter(Arc::clone(&meter));
        // A child, since an aborted trial must not cancel what the caller does next.
        let stop = stop.child_token();
        let engine = LoadEngine::new(self.run, self.schedule, self.targets, start, recorder)?.finishing();
        let mut work = std::pin::pin!(engine.run(stop.clone()));
        let mut ticks = tokio::time::interval_at(start + Duration::from_secs(1), Duration::from_secs(1));
        let mut aborted = None;
        let cpu = loop {
            tokio::select! {
                cpu = &mut work => break cpu?,
                _ = ticks.tick() => {
                    let at = start.elapsed();
                    report(self.tick(&meter, at));
                    if aborted.is_none() && let Some(why) = self.crossed(&meter, at) {
                        aborted = Some(why);
                        stop.cancel();
                    }
                }
            }
        };
        let took = start.elapsed();
        report(Tick { at: took, last: BTreeMap::new(), seconds: meter.take_rest() });
        Ok(TrialMeasurement { phases: meter.phases(), took, cpu, aborted })
    }

    fn tick(&self, meter: &Meter, at: Duration) -> Tick {
        // An operation may be answered until its own deadline, and a little longer.
        // One that ends even later still counts in the totals.
        let settled = at.saturating_sub(self.schedule.timeout.duration() + Duration::from_secs(2));
        let last = meter.recent(at.as_secs(), 1);
        Tick { at, last, seconds: meter.take(settled.as_secs()) }
    }

    /// Finds the first threshold that is crossed over the last seconds; none while there are too few seconds.
    fn crossed(&self, meter: &Meter, at: Duration) -> Option<String> {
        let until = at.as_secs();
        // A few operations of the first seconds would abort a load at random.
        if self.abort_if.is_empty() || until < WINDOW {
            return None;
        }
        let paths = meter.recent(until, WINDOW);
        let holds = |threshold: &&Threshold| match &threshold.path {
            Some(path) => paths.get(path).is_some_and(|tally| threshold.holds(tally)),
            // Any path: a good one must not hide another that crossed the threshold.
            None => paths.values().any(|tally| threshold.holds(tally)),
        };
        let found = self.abort_if.iter().find(holds)?;
        Some(format!("threshold `{found}` crossed at {until} s (over the last {WINDOW} s)"))
    }
}

/// Meter that counts operations.
struct OperationMeter(Arc<Meter>);

impl OperationRecorder for OperationMeter {
    async fn begins(&self, _: &LoadOperation, _: i64) {}

    async fn ends(&self, operation: LoadOperation, sent: i64, ended: i64, response: Response) {
        let Response { outcome, status, message, undeclared: _ } = response;
        let ended =
            OperationEnd { due: operation.due, sent, ended, outcome, status, message: message.as_deref() };
        self.0.ended(operation.stream, ended);
    }

    async fn dropped(&self, operation: LoadOperation) {
        self.0.dropped(operation.stream, operation.due);
    }
}
