//! The load of a run: to the end of its schedule, and beyond it until every path has recovered; or until a person ends
//! it.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::context::RunContext;
use super::inject::Injector;
use super::operation_events::OperationEvents;
use super::options::LoadEnd;
use super::recovery::RecoveryTracker;
use crate::history::Event;
use crate::load::{LoadEngine, LoadError, PathTarget};
use crate::runner::error::RunError;
use crate::runner::progress::{Progress, Stage};
use crate::runner::targets::targets;
use crate::scenario::Schedule;

/// Events that may wait to be recorded.
// Few, since the recorder's queue is behind them. This one shows when the last event of the
// load was passed on.
const WAITING: usize = 1024;

/// Sender of the load of a run.
pub(super) struct LoadSender<'a> {
    run: &'a RunContext<'a>,
    first: LoadEngine<OperationEvents>,
    context: LoadContext,
}

/// Context that all parts of the load share.
struct LoadContext {
    start: Instant,
    events: mpsc::Sender<Event>,
    tracker: Arc<RecoveryTracker>,
    targets: BTreeMap<String, PathTarget>,
}

impl<'a> LoadSender<'a> {
    /// Makes the sender, and the receiver of its events, which ends with the load.
    ///
    /// # Errors
    /// [`RunError`] where a path has no target.
    pub(super) fn new(
        run: &'a RunContext<'a>,
        start: Instant,
    ) -> Result<(Self, mpsc::Receiver<Event>), RunError> {
        let targets = targets(&run.options.topology, run.stack)?;
        let (sender, events) = mpsc::channel(WAITING);
        let context = LoadContext { start, events: sender, tracker: Arc::default(), targets };
        let first = context.engine(run, &run.options.schedule)?;
        Ok((Self { run, first, context }, events))
    }

    /// Sends the load.
    ///
    /// # Errors
    /// [`LoadError`] where the load can't be made.
    pub(super) async fn send(self, injector: &Injector) -> Result<(), LoadError> {
        let Self { run, first, context } = self;
        let cancel = &run.controls.cancel;
        // A manual load has no end in its schedule.
        if run.options.load_end == LoadEnd::Manual {
            return until(end_of_manual_load(run, injector), first, injector, cancel).await;
        }
        // Not finishing: an interrupted run ends at once, and its open operations are `info`.
        first.run(cancel.clone()).await?;
        let goals = injector.recovery_goals();
        if cancel.is_cancelled() || context.tracker.is_recovered(&goals) {
            return Ok(());
        }
        // Only operations show that a path has recovered, so the load must go on.
        let Some((schedule, since)) = injector.extend_load().await else { return Ok(()) };
        run.sender.send(Progress::Stage(Stage::GoOn)).await;
        // The extended schedule begins with the arrivals that were sent. Skipped and not cut off,
        // they keep the numbers in the ids going.
        let more = context.engine(run, &schedule)?.since(since.micros());
        until(context.tracker.wait(&goals), more, injector, cancel).await
    }
}

impl LoadContext {
    fn engine(
        &self,
        run: &RunContext<'_>,
        schedule: &Schedule,
    ) -> Result<LoadEngine<OperationEvents>, LoadError> {
        let stores = |path: &str| self.targets.get(path).is_some_and(|target| target.stores);
        let recorder = OperationEvents::new(self.events.clone(), Arc::clone(&self.tracker), schedule, stores);
        LoadEngine::new(run.folder.run().as_str(), schedule, &self.targets, self.start, recorder)
    }
}

/// Waits until a person ends the load and the manual faults are healed.
async fn end_of_manual_load(run: &RunContext<'_>, injector: &Injector) {
    run.controls.end.cancelled().await;
    run.sender.send(Progress::Stage(Stage::Settle)).await;
    injector.settle().await;
}

/// Sends until the load is over, or enough, or the run is cancelled; then waits for the operations in flight.
async fn until(
    enough: impl Future<Output = ()>,
    engine: LoadEngine<OperationEvents>,
    injector: &Injector,
    cancel: &CancellationToken,
) -> Result<(), LoadError> {
    let stop = CancellationToken::new();
    // Finishing, since an operation that is abandoned would have no outcome, and the entry could not be judged.
    let mut sending = std::pin::pin!(engine.finishing().run(stop.clone()));
    tokio::select! {
        loaded = &mut sending => return loaded.map(drop),
        // Amended before the load stops: otherwise the plan would hold arrivals that nobody sent.
        () = enough => injector.end_load().await,
        () = cancel.cancelled() => {}
    }
    stop.cancel();
    sending.await.map(drop)
}
