//! What a run does while its stack is there: load it and break it, wait until it has settled, read its stores.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::end::End;
use super::error::RunError;
use super::folder::SCENARIO;
use super::hands::Hands;
use super::inject::{self, Injector};
use super::progress::{Progress, Stage};
use super::recorder::{Recorder, Teller};
use super::run::Run;
use super::sending::Sending;
use super::{drain, monitor, observe, stored};
use crate::fault::Journal;
use crate::history::event::SystemInfo;
use crate::history::{self, Declared, Event, Observation, RunInfo};
use crate::load::engine::now;
use crate::scenario::by_hand;
use crate::stack::topology::{BodySpec, Link, Topology};

/// Time from a ready stack to the start of the load.
const LEAD: Duration = Duration::from_millis(200);

/// Entries in one line of a history.
const ENTRIES: usize = 500;

impl Run<'_> {
    /// Loads and breaks it, and reads what came of it. Nodes are watched until all is read, then asked once more.
    pub(super) async fn conduct(&self, info: RunInfo, recorder: &Recorder) -> Result<End, RunError> {
        self.teller.tell(Progress::StackReady(Duration::from_millis(info.ready_ms))).await;
        let start = Instant::now() + LEAD;
        self.teller.record(Event::Run(Box::new(info))).await;
        self.teller.tell(Progress::Stage(Stage::Load)).await;
        let watching = tokio::spawn(monitor::watch(Arc::clone(self.stack), self.teller.clone(), start));
        let giving_up = tokio::spawn(give_up(self.teller.clone(), self.cancel.clone()));
        let counting = self.options.watched.then(|| tokio::spawn(self.count(recorder)));
        let worked = self.work(start).await;
        for task in [Some(giving_up), counting] {
            end(task).await;
        }
        let settled = worked.is_ok() && !self.cancel.is_cancelled() && self.settle(start, recorder).await;
        end(Some(watching)).await;
        worked?;
        if settled {
            let nodes = monitor::readiness(self.stack).await;
            self.teller.record(Event::Readiness { at: now(start), nodes }).await;
        }
        Ok(End { start, interrupted: !settled })
    }

    /// Tells how much of what was acknowledged is stored, until dropped.
    fn count(&self, recorder: &Recorder) -> impl Future<Output = ()> + Send + use<> {
        let run = self.folder.run().to_string();
        stored::watch(Arc::clone(self.stack), run, recorder.timeline(), self.teller.clone())
    }

    /// Load and faults, side by side.
    async fn work(&self, start: Instant) -> Result<(), RunError> {
        let (sending, mut events) = Sending::new(self, start)?;
        let teller = self.teller.clone();
        let forwarding = tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                teller.record(event).await;
            }
        });
        let injector = Arc::new(Injector::new(
            Arc::clone(self.stack),
            Journal::open(self.folder.path())?,
            self.teller.clone(),
            start,
            self.options.schedule.clone(),
            self.cancel.clone(),
        ));
        self.teller.tell(Progress::Hands(Hands::new(&injector))).await;
        let load = async {
            let loaded = sending.send(&injector).await;
            let _ = forwarding.await;
            self.teller.record(Event::LoadEnded { at: now(start) }).await;
            loaded
        };
        let (loaded, ()) = tokio::join!(load, injector.run());
        injector.finish().await;
        loaded?;
        if self.options.finish.is_some() {
            self.keep_scenario(&injector)?;
        }
        Ok(())
    }

    /// What was done by hand, as a scenario that does it again.
    fn keep_scenario(&self, injector: &Injector) -> Result<(), RunError> {
        match by_hand::as_file(&injector.schedule()) {
            Ok(text) => Ok(self.folder.write_text(SCENARIO, &text)?),
            Err(error) => {
                tracing::warn!("no {SCENARIO}: {error}");
                Ok(())
            }
        }
    }

    /// Waits until everything acknowledged is stored, then reads what is. Whether it came so far before it was cancelled.
    async fn settle(&self, start: Instant, recorder: &Recorder) -> bool {
        self.teller.tell(Progress::Stage(Stage::Drain)).await;
        let limit = self.options.schedule.expect.drains_within.duration();
        let timeline = recorder.timeline();
        let draining =
            drain::wait(self.stack, self.folder.run().as_str(), &timeline, self.teller, start, limit);
        tokio::select! {
            () = draining => {}
            () = self.cancel.cancelled() => return false,
        }
        self.teller.tell(Progress::Stage(Stage::Observe)).await;
        for (name, store) in &self.options.topology.stores {
            match observe::store(self.stack, store, self.folder.run().as_str()).await {
                Ok(entries) => {
                    // One line at least, so that an empty store is known to be empty.
                    let mut chunks: Vec<_> = entries.chunks(ENTRIES).map(<[_]>::to_vec).collect();
                    chunks.resize_with(chunks.len().max(1), Vec::new);
                    for entries in chunks {
                        self.teller
                            .record(Event::Observe(Observation { store: name.clone(), entries }))
                            .await;
                    }
                }
                Err(reason) => self.teller.record(Event::Unobserved { store: name.clone(), reason }).await,
            }
        }
        true
    }

    /// What the history begins with.
    pub(super) fn info(&self, ready: Duration, environment: BTreeMap<String, String>) -> RunInfo {
        let topology = &self.options.topology;
        RunInfo {
            version: history::VERSION,
            run: self.folder.run().to_string(),
            faultline: env!("CARGO_PKG_VERSION").to_owned(),
            started: (OffsetDateTime::now_utc() + LEAD).format(&Rfc3339).unwrap_or_default(),
            provider: self.stack.provider().name().to_owned(),
            ready_ms: u64::try_from(ready.as_millis()).unwrap_or(u64::MAX),
            stored_in: topology.stored_in(),
            declared: Some(declared(topology)),
            affected: inject::affected(topology, &self.options.schedule),
            system: system_info(topology),
            command: self.options.command.clone(),
            schedule: self.options.schedule.clone(),
            environment,
        }
    }
}

fn declared(topology: &Topology) -> Declared {
    let any_body = topology.paths.iter().filter(|(_, spec)| spec.answer.body == BodySpec::Any);
    Declared {
        writes_nothing: topology.writes_nothing(),
        any_body: any_body.map(|(path, _)| path.clone()).collect(),
    }
}

/// Lists the nodes and links of a topology.
pub fn system_info(topology: &Topology) -> SystemInfo {
    SystemInfo {
        nodes: topology.nodes.keys().cloned().collect(),
        links: topology.links.iter().map(Link::name).collect(),
        entries: topology.entries().into_iter().collect(),
    }
}

/// Ends a run whose history can't be written any more.
async fn give_up(teller: Teller, cancel: CancellationToken) {
    teller.broken().await;
    cancel.cancel();
}

/// Ends a task and waits for it, so that it tells nothing any more.
pub(super) async fn end(task: Option<tokio::task::JoinHandle<()>>) {
    if let Some(task) = task {
        task.abort();
        let _ = task.await;
    }
}
