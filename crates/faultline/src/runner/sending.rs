//! The load of a run: to the end of its schedule, and on as long as not every path works again; or until a person ends
//! it.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::error::RunError;
use super::events::Events;
use super::inject::Injector;
use super::progress::{Progress, Stage};
use super::run::Run;
use super::system::targets;
use super::working::Working;
use crate::history::Event;
use crate::load::{Engine, LoadError, Target};
use crate::scenario::Schedule;

/// Events that wait to be recorded, at the most.
const WAITING: usize = 1024;

/// The load of a run, ready to be sent.
pub(super) struct Sending<'a> {
    run: &'a Run<'a>,
    first: Engine<Events>,
    outlet: Outlet,
}

/// What every part of the load shares.
struct Outlet {
    start: Instant,
    events: mpsc::Sender<Event>,
    working: Arc<Working>,
    targets: BTreeMap<String, Target>,
}

impl<'a> Sending<'a> {
    /// With what it tells, which ends when the load has.
    ///
    /// # Errors
    /// [`RunError`] where there is nothing to send it to.
    pub(super) fn new(run: &'a Run<'a>, start: Instant) -> Result<(Self, mpsc::Receiver<Event>), RunError> {
        let targets = targets(&run.options.topology, run.stack)?;
        let (sender, events) = mpsc::channel(WAITING);
        let outlet = Outlet { start, events: sender, working: Arc::default(), targets };
        let first = outlet.engine(run, &run.options.schedule)?;
        Ok((Self { run, first, outlet }, events))
    }

    /// Sends it.
    ///
    /// # Errors
    /// [`LoadError`] where the load can't be made.
    pub(super) async fn send(self, injector: &Injector) -> Result<(), LoadError> {
        let Self { run, first, outlet } = self;
        if let Some(finish) = &run.options.finish {
            let finished = finished(run, finish, injector);
            return until(finished, first, injector, &run.cancel).await;
        }
        first.run(run.cancel.clone()).await?;
        let awaited = injector.awaited();
        if run.cancel.is_cancelled() || outlet.working.work(&awaited) {
            return Ok(());
        }
        // What is not asked is not seen to work.
        let Some((schedule, since)) = injector.load_goes_on().await else { return Ok(()) };
        run.teller.tell(Progress::Stage(Stage::GoOn)).await;
        let more = outlet.engine(run, &schedule)?.since(since.micros());
        until(outlet.working.wait(&awaited), more, injector, &run.cancel).await
    }
}

impl Outlet {
    fn engine(&self, run: &Run<'_>, schedule: &Schedule) -> Result<Engine<Events>, LoadError> {
        let stores = |path: &str| self.targets.get(path).is_some_and(|target| target.stores);
        let sink = Events::new(self.events.clone(), Arc::clone(&self.working), schedule, stores);
        Engine::new(run.folder.run().as_str(), schedule, &self.targets, self.start, sink)
    }
}

/// Waits until a person ends the load and what acts by hand is healed.
async fn finished(run: &Run<'_>, finish: &CancellationToken, injector: &Injector) {
    finish.cancelled().await;
    run.teller.tell(Progress::Stage(Stage::Settle)).await;
    injector.settle().await;
}

/// Sends until the load is over, or enough, or the run is cancelled; what is under way is waited for.
async fn until(
    enough: impl Future<Output = ()>,
    engine: Engine<Events>,
    injector: &Injector,
    cancel: &CancellationToken,
) -> Result<(), LoadError> {
    let stop = CancellationToken::new();
    let mut sending = std::pin::pin!(engine.finishing().run(stop.clone()));
    tokio::select! {
        loaded = &mut sending => return loaded.map(drop),
        () = enough => injector.load_ends().await,
        () = cancel.cancelled() => {}
    }
    stop.cancel();
    sending.await.map(drop)
}
