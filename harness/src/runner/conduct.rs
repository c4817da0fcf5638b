//! The run itself: start the stack, load it and break it, wait until it has settled, read its stores, judge.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::events::Events;
use super::folder::{FolderError, RunFolder};
use super::inject::Injector;
use super::options::Options;
use super::progress::{Listener, Progress, Stage};
use super::recorder::{RecordError, Recorder, Teller};
use super::system::targets;
use super::{drain, judged, machine, monitor, observe};
use crate::fault::{Journal, JournalError};
use crate::history::event::SystemInfo;
use crate::history::{self, Event, HistoryError, Observation, RunInfo};
use crate::load::engine::now;
use crate::load::{Engine, LoadError};
use crate::report::Report;
use crate::stack::topology::{Link, Topology};
use crate::stack::{self, Chosen, Ports, Site, Stack, StackError, Wiring};

/// Time from a ready stack to the start of the load.
const LEAD: Duration = Duration::from_millis(200);

/// How long the system may take to be ready after the last fault, beyond what is expected of it.
const SLACK: Duration = Duration::from_secs(60);

/// Entries in one line of a history.
const ENTRIES: usize = 500;

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The stack could not be started.
    #[error("the stack could not be started: {0}")]
    Stack(#[from] StackError),
    /// The run has no folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The undos can't be written down.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The history is not whole.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The history can't be read back.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The load can't be made.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Interrupted before there was anything to judge.
    #[error("interrupted while the stack was starting; nothing was judged, and nothing is left")]
    Interrupted,
}

/// Runs a schedule to its verdict. The report is in the run's folder too.
///
/// # Errors
/// [`RunError`] where there is no verdict; whatever was started is ended then too.
pub async fn run(
    options: Options,
    listener: Box<dyn Listener>,
    cancel: CancellationToken,
) -> Result<Report, RunError> {
    let folder = RunFolder::create(&options.runs, "run", &options.schedule.scenario)?;
    folder.write_json("schedule.json", &options.schedule)?;
    if options.keep {
        folder.keep_data()?;
    }
    let (recorder, teller) = Recorder::start(folder.path(), stored_in(&options), listener)?;
    let conducted = live(&options, &folder, (&recorder, &teller), cancel).await;
    if conducted.is_ok() {
        teller.tell(Progress::Stage(Stage::Judge)).await;
    }
    drop(teller);
    let recorded = recorder.finish().await;
    if !options.keep {
        folder.remove_data()?;
    }
    conducted?;
    recorded?;
    judged::judge(folder.path())
}

/// Everything of a run for which its stack is there; afterwards no node runs any more.
async fn live(
    options: &Options,
    folder: &RunFolder,
    (recorder, teller): (&Recorder, &Teller),
    cancel: CancellationToken,
) -> Result<(), RunError> {
    let begun = Instant::now();
    // Asks programs for their versions; done while the stack starts, not when the load should.
    let facts = tokio::task::spawn_blocking(machine::facts);
    let site =
        Site { run: folder.run(), folder: folder.path(), ports: Ports::Free, overrides: &options.overrides };
    let Chosen { provider, why } = stack::choose(options.choice, &options.topology, site).await?;
    teller
        .tell(Progress::Begins {
            folder: folder.path().to_path_buf(),
            provider: why,
            nodes: options.topology.nodes.len(),
            schedule: Box::new(options.schedule.clone()),
        })
        .await;
    let topology = options.topology.clone();
    let stack = Arc::new(Stack::new(topology, provider, Wiring::Proxied, &options.registry).await?);
    let conducted = tokio::select! {
        started = start(&stack, options.ready_within, teller) => match started {
            Ok(()) => {
                let environment = facts.await.unwrap_or_default();
                let run = Run { options, folder, stack: &stack, teller, cancel };
                let info = run.info(begun.elapsed(), stored_in(options), environment);
                run.conduct(info, recorder).await
            }
            Err(error) => Err(error.into()),
        },
        () = cancel.cancelled() => Err(RunError::Interrupted),
    };
    teller.tell(Progress::Stage(Stage::Shutdown)).await;
    stack.shutdown().await;
    conducted
}

fn stored_in(options: &Options) -> BTreeMap<String, String> {
    let paths = options.topology.paths.iter();
    paths.filter_map(|(path, spec)| Some((path.clone(), spec.stored_in.clone()?))).collect()
}

async fn start(stack: &Stack, limit: Duration, teller: &Teller) -> Result<(), StackError> {
    stack.start(limit, &|starting| teller.mention(Progress::Starting(starting))).await
}

/// A run with its stack ready.
struct Run<'a> {
    options: &'a Options,
    folder: &'a RunFolder,
    stack: &'a Arc<Stack>,
    teller: &'a Teller,
    cancel: CancellationToken,
}

impl Run<'_> {
    async fn conduct(&self, info: RunInfo, recorder: &Recorder) -> Result<(), RunError> {
        self.teller.tell(Progress::StackReady(Duration::from_millis(info.ready_ms))).await;
        let start = Instant::now() + LEAD;
        self.teller.record(Event::Run(Box::new(info))).await;
        self.teller.tell(Progress::Stage(Stage::Load)).await;
        let watching = tokio::spawn(monitor::watch(Arc::clone(self.stack), self.teller.clone(), start));
        let giving_up = tokio::spawn(give_up(self.teller.clone(), self.cancel.clone()));
        let worked = self.work(start).await;
        for task in [watching, giving_up] {
            task.abort();
            // Joined, so that nothing tells any more once the run is over.
            let _ = task.await;
        }
        worked?;
        let interrupted = self.cancel.is_cancelled();
        if !interrupted {
            self.settle(start, recorder).await;
        }
        self.teller.record(Event::End { at: now(start), interrupted }).await;
        Ok(())
    }

    /// Load and faults, side by side.
    async fn work(&self, start: Instant) -> Result<(), RunError> {
        let (generator, mut events) = self.generator(start)?;
        let teller = self.teller.clone();
        let forwarding = tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                teller.record(event).await;
            }
        });
        let schedule = &self.options.schedule;
        let injector = Injector {
            stack: Arc::clone(self.stack),
            journal: Journal::open(self.folder.path())?,
            teller: self.teller.clone(),
            start,
            ready_by: ready_by(schedule),
            cancel: self.cancel.clone(),
        };
        let load = async {
            let loaded = generator.run(self.cancel.clone()).await;
            let _ = forwarding.await;
            self.teller.record(Event::LoadEnded { at: now(start) }).await;
            loaded
        };
        let (loaded, ()) = tokio::join!(load, injector.run(&schedule.faults));
        loaded?;
        Ok(())
    }

    fn generator(&self, start: Instant) -> Result<(Engine<Events>, mpsc::Receiver<Event>), RunError> {
        let (topology, schedule) = (&self.options.topology, &self.options.schedule);
        let targets = targets(topology, self.stack)?;
        let (sender, events) = mpsc::channel(1024);
        let sink =
            Events::new(sender, schedule, |path| targets.get(path).is_some_and(|target| target.stores));
        Ok((Engine::new(self.folder.run(), schedule, &targets, start, sink)?, events))
    }

    /// Waits until everything acknowledged is stored, then reads what is.
    async fn settle(&self, start: Instant, recorder: &Recorder) {
        self.teller.tell(Progress::Stage(Stage::Drain)).await;
        let limit = self.options.schedule.expect.drains_within.duration();
        let acknowledged = recorder.acknowledged();
        let draining = drain::wait(self.stack, self.folder.run(), &acknowledged, self.teller, start, limit);
        tokio::select! {
            () = draining => {}
            () = self.cancel.cancelled() => return,
        }
        self.teller.tell(Progress::Stage(Stage::Observe)).await;
        for (name, store) in &self.options.topology.stores {
            match observe::store(self.stack, store, self.folder.run()).await {
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
    }

    fn info(
        &self,
        ready: Duration,
        stored_in: BTreeMap<String, String>,
        environment: BTreeMap<String, String>,
    ) -> RunInfo {
        let topology = &self.options.topology;
        let affected = self.options.schedule.faults.iter();
        RunInfo {
            version: history::VERSION,
            run: self.folder.run().to_owned(),
            faultline: env!("CARGO_PKG_VERSION").to_owned(),
            started: (OffsetDateTime::now_utc() + LEAD).format(&Rfc3339).unwrap_or_default(),
            provider: self.stack.provider().name().to_owned(),
            ready_ms: u64::try_from(ready.as_millis()).unwrap_or(u64::MAX),
            stored_in,
            affected: affected
                .map(|fault| {
                    let paths =
                        fault.targets().into_iter().flat_map(|target| topology.paths_through(&target));
                    paths.collect::<BTreeSet<_>>().into_iter().collect()
                })
                .collect(),
            system: system(topology),
            command: self.options.command.clone(),
            schedule: self.options.schedule.clone(),
            environment,
        }
    }
}

fn system(topology: &Topology) -> SystemInfo {
    let entries: BTreeSet<String> = topology.paths.values().map(|path| path.send.node.clone()).collect();
    SystemInfo {
        nodes: topology.nodes.keys().cloned().collect(),
        links: topology.links.iter().map(Link::name).collect(),
        entries: entries.into_iter().collect(),
    }
}

/// Ends a run whose history can't be written any more.
async fn give_up(teller: Teller, cancel: CancellationToken) {
    teller.broken().await;
    cancel.cancel();
}

fn ready_by(schedule: &crate::scenario::Schedule) -> u64 {
    let last = schedule.faults.iter().map(|fault| fault.until.micros()).max().unwrap_or(0);
    last + schedule.expect.recovers_within.micros() + u64::try_from(SLACK.as_micros()).unwrap_or(0)
}
