//! Load and faults of a run while its stack is there, then the drain, then the final reading of its stores.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::context::RunContext;
use super::end::RunEnd;
use super::inject::Injector;
use super::options::LoadEnd;
use super::sending::LoadSender;
use super::{drain, plan};
use crate::fault::Journal;
use crate::history::run_info::SystemInfo;
use crate::history::{self, Declarations, Event, Observation, RunInfo};
use crate::load::now;
use crate::runner::error::RunError;
use crate::runner::folder::SCENARIO;
use crate::runner::observe::contents;
use crate::runner::observe::health::{self, NodeWatch};
use crate::runner::observe::store;
use crate::runner::progress::{Progress, Stage};
use crate::runner::recorder::{EventSender, Recorder};
use crate::scenario::manual;
use crate::stack::topology::{BodySpec, Link, Topology};

/// Time from a ready stack to the start of the load.
// The generator starts its threads and opens connections in this time; without it the first
// operations would be late.
const LEAD: Duration = Duration::from_millis(200);

/// Entries in one line of a history.
const ENTRIES: usize = 500;

impl RunContext<'_> {
    /// Conducts load and faults, drains and reads the stores. Nodes are watched until all is read, then checked once
    /// more.
    pub(super) async fn conduct(&self, info: RunInfo, recorder: &Recorder) -> Result<RunEnd, RunError> {
        self.sender.send(Progress::StackReady(Duration::from_millis(info.ready_ms))).await;
        let start = Instant::now() + LEAD;
        self.sender.record(Event::Run(Box::new(info))).await;
        self.sender.send(Progress::Stage(Stage::Load)).await;
        let watch = Arc::new(NodeWatch::new(Arc::clone(self.stack), self.sender.clone(), start));
        let watching = spawn({
            let watch = Arc::clone(&watch);
            async move { watch.run().await }
        });
        // Without a history there is no verdict, so a full disk ends the run now and not after the whole load.
        let giving_up = spawn(give_up(self.sender.clone(), self.controls.cancel.clone()));
        let counting = self.options.watched.then(|| spawn(self.count(recorder)));
        let worked = self.work(start, watch).await;
        for task in [Some(giving_up), counting] {
            stop_task(task).await;
        }
        // Nodes are watched until the stores are read: one that dies in the drain belongs to the run.
        let settled =
            worked.is_ok() && !self.controls.cancel.is_cancelled() && self.settle(start, recorder).await;
        stop_task(Some(watching)).await;
        worked?;
        if settled {
            let nodes = health::readiness(self.stack).await;
            self.sender.record(Event::Readiness { at: now(start), nodes }).await;
        }
        Ok(RunEnd { start, interrupted: !settled })
    }

    /// Counts stored entries for the live lab, until dropped.
    fn count(&self, recorder: &Recorder) -> impl Future<Output = ()> + Send + use<> {
        let run = self.folder.run().to_string();
        store::watch(Arc::clone(self.stack), run, recorder.timeline(), self.sender.clone())
    }

    /// Runs load and faults side by side.
    async fn work(&self, start: Instant, watch: Arc<NodeWatch>) -> Result<(), RunError> {
        let (sending, mut events) = LoadSender::new(self, start)?;
        let sender = self.sender.clone();
        let forwarding = tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                sender.record(event).await;
            }
        });
        let injector = Arc::new(Injector::new(
            Arc::clone(self.stack),
            Journal::open(self.folder.path())?,
            self.sender.clone(),
            start,
            self.options.schedule.clone(),
            self.controls.cancel.clone(),
            Some(watch),
        ));
        self.controls.faults.attach(&injector);
        self.controls.begun.cancel();
        let load = async {
            let loaded = sending.send(&injector).await;
            // All events of operations must be in the history before the end of the load is.
            let _ = forwarding.await;
            self.sender.record(Event::LoadEnded { at: now(start) }).await;
            loaded
        };
        // Side by side: the load must not wait for a fault, nor a fault for the load.
        let (loaded, ()) = tokio::join!(load, injector.run());
        // After both: a person may inject faults until the load is over.
        injector.finish().await;
        loaded?;
        if self.options.load_end == LoadEnd::Manual {
            self.keep_scenario(&injector)?;
        }
        Ok(())
    }

    /// Writes the manual faults and loads as a scenario that repeats them.
    fn keep_scenario(&self, injector: &Injector) -> Result<(), RunError> {
        match manual::as_file(&injector.schedule()) {
            Ok(text) => Ok(self.folder.write_text(SCENARIO, &text)?),
            // A run without this file still has its verdict.
            Err(error) => {
                tracing::warn!("no {SCENARIO}: {error}");
                Ok(())
            }
        }
    }

    /// Waits until everything acknowledged is stored, then reads the stores; false if cancelled before.
    async fn settle(&self, start: Instant, recorder: &Recorder) -> bool {
        self.sender.send(Progress::Stage(Stage::Drain)).await;
        let limit = self.options.schedule.expect.drains_within.duration();
        let timeline = recorder.timeline();
        let draining =
            drain::wait(self.stack, self.folder.run().as_str(), &timeline, self.sender, start, limit);
        tokio::select! {
            () = draining => {}
            () = self.controls.cancel.cancelled() => return false,
        }
        self.sender.send(Progress::Stage(Stage::Observe)).await;
        for (name, store) in &self.options.topology.stores {
            match contents::store(self.stack, store, self.folder.run().as_str()).await {
                Ok(entries) => {
                    // One line at least, so that an empty store is known to be empty.
                    let mut chunks: Vec<_> = entries.chunks(ENTRIES).map(<[_]>::to_vec).collect();
                    chunks.resize_with(chunks.len().max(1), Vec::new);
                    for entries in chunks {
                        self.sender
                            .record(Event::Observe(Observation { store: name.clone(), entries }))
                            .await;
                    }
                }
                Err(reason) => self.sender.record(Event::Unobserved { store: name.clone(), reason }).await,
            }
        }
        true
    }

    /// Makes the first event of the history.
    pub(super) fn info(&self, ready: Duration, environment: BTreeMap<String, String>) -> RunInfo {
        let topology = &self.options.topology;
        RunInfo {
            version: history::VERSION,
            run: self.folder.run().to_string(),
            faultline: env!("CARGO_PKG_VERSION").to_owned(),
            // The history counts from the start of the load, which is a moment ahead.
            started: (OffsetDateTime::now_utc() + LEAD).format(&Rfc3339).unwrap_or_default(),
            provider: self.stack.provider().name().to_owned(),
            ready_ms: u64::try_from(ready.as_millis()).unwrap_or(u64::MAX),
            stored_in: topology.stored_in(),
            declared: Some(declared(topology)),
            affected: plan::affected(topology, &self.options.schedule),
            system: system_info(topology),
            command: self.options.command.clone(),
            schedule: self.options.schedule.clone(),
            environment,
        }
    }
}

fn declared(topology: &Topology) -> Declarations {
    let any_body = topology.paths.iter().filter(|(_, spec)| spec.answer.body == BodySpec::Any);
    Declarations {
        writes_nothing: topology.writes_nothing(),
        any_body: any_body.map(|(path, _)| path.clone()).collect(),
    }
}

/// Lists the nodes and links of a topology.
#[must_use]
pub fn system_info(topology: &Topology) -> SystemInfo {
    SystemInfo {
        nodes: topology.nodes.keys().cloned().collect(),
        links: topology.links.iter().map(Link::name).collect(),
        entries: topology.entries().into_iter().collect(),
    }
}

/// Cancels a run whose history can't be written any more.
async fn give_up(sender: EventSender, cancel: CancellationToken) {
    sender.closed().await;
    cancel.cancel();
}

/// Starts a task beside the run, which ends with its handle at the latest.
// A run that panics must not leave tasks that hold its stack and its history.
pub(super) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(task))
}

/// Stops a task and waits for it, so that it records nothing any more.
pub(super) async fn stop_task(task: Option<AbortOnDropHandle<()>>) {
    if let Some(task) = task {
        // Aborted and awaited: the task holds a sender until it is dropped, and the recorder ends
        // with the last sender.
        task.abort();
        let _ = task.await;
    }
}
