//! A system that is ready to be loaded: started for it, or running already.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::error::RunError;
use super::folder::RunFolder;
use super::live_timeline::LiveTimeline;
use super::observe;
use super::progress::{Listener, Progress, Stage};
use crate::load::{LoadError, Target, Template};
use crate::proxy::Registry;
use crate::scenario::Schedule;
use crate::stack::processes::Override;
use crate::stack::topology::PathSpec;
use crate::stack::{self, Choice, Ports, ProviderChoice, Site, Stack, Topology, Wiring};

/// What is loaded.
#[derive(Debug, Clone)]
pub enum Aim {
    /// A system that is started for it, and ended.
    Started(Box<Started>),
    /// One that runs already.
    Running {
        /// Where each path goes.
        targets: BTreeMap<String, Target>,
        /// What is told of it.
        told: String,
    },
}

/// A system that is started for a load.
#[derive(Debug, Clone)]
pub struct Started {
    /// The system.
    pub topology: Topology,
    /// How its nodes are run.
    pub choice: Choice,
    /// What differs from the topology, by node.
    pub overrides: BTreeMap<String, Override>,
    /// How long it may take to be ready.
    pub ready_within: Duration,
}

/// A system that is ready.
pub(super) struct System {
    /// Where each path goes.
    pub(super) targets: BTreeMap<String, Target>,
    /// What it is.
    pub(super) told: String,
    stack: Option<Stack>,
}

impl System {
    /// Starts it if it must be, and waits until it is ready.
    ///
    /// # Errors
    /// [`RunError`] when it can't be started, or was interrupted; whatever was started is ended then.
    pub(super) async fn ready(
        aim: &Aim,
        schedule: &Schedule,
        folder: &RunFolder,
        listener: &mut dyn Listener,
        cancel: &CancellationToken,
    ) -> Result<Self, RunError> {
        match aim {
            Aim::Running { targets, told } => {
                listener.on(&begins(folder, told, 0, schedule));
                Ok(Self { targets: targets.clone(), told: told.clone(), stack: None })
            }
            Aim::Started(started) => Self::start(started, schedule, folder, listener, cancel).await,
        }
    }

    async fn start(
        started: &Started,
        schedule: &Schedule,
        folder: &RunFolder,
        listener: &mut dyn Listener,
        cancel: &CancellationToken,
    ) -> Result<Self, RunError> {
        let begun = Instant::now();
        let Started { topology, choice, overrides, ready_within } = started;
        let site = Site { run: folder.run(), folder: folder.path(), ports: Ports::Free, overrides };
        let ProviderChoice { provider, why } = stack::choose(*choice, topology, site).await?;
        listener.on(&begins(folder, &why, topology.nodes.len(), schedule));
        let stack = Stack::new(topology.clone(), provider, Wiring::Direct, &Registry::new(0)).await?;
        let listener = Mutex::new(listener);
        let tell = |progress| listener.lock().unwrap_or_else(PoisonError::into_inner).on(&progress);
        let starting = |starting| tell(Progress::Starting(starting));
        let ready = tokio::select! {
            ready = stack.start(*ready_within, &starting) => {
                ready.map_err(RunError::from)
            }
            () = cancel.cancelled() => Err(RunError::Interrupted),
        };
        match ready.and_then(|()| targets(topology, &stack)) {
            Ok(targets) => {
                tell(Progress::StackReady(begun.elapsed()));
                Ok(Self { targets, told: why, stack: Some(stack) })
            }
            Err(error) => {
                tell(Progress::Stage(Stage::Shutdown));
                stack.shutdown().await;
                Err(error)
            }
        }
    }

    /// How many messages wait in all its queues; none where that can't be seen.
    pub(super) async fn waiting(&self) -> Option<u64> {
        let stack = self.stack.as_ref()?;
        let mut sum = 0;
        for queue in stack.topology().queues.values() {
            sum += observe::depth(stack, queue).await.ok()?;
        }
        Some(sum)
    }

    /// Ends what was started for it.
    pub(super) async fn end(self, listener: &mut dyn Listener) {
        if let Some(stack) = self.stack {
            listener.on(&Progress::Stage(Stage::Shutdown));
            stack.shutdown().await;
        }
    }
}

fn begins(folder: &RunFolder, provider: &str, nodes: usize, schedule: &Schedule) -> Progress {
    Progress::Begins {
        folder: folder.path().to_path_buf(),
        provider: provider.to_owned(),
        nodes,
        schedule: Box::new(schedule.clone()),
        timeline: LiveTimeline::default(),
    }
}

/// Where each path of a topology goes on a stack.
///
/// # Errors
/// [`RunError`] for a path whose node is not there, or whose requests can't be made.
pub fn targets(topology: &Topology, stack: &Stack) -> Result<BTreeMap<String, Target>, RunError> {
    let target = |(path, spec): (&String, &PathSpec)| {
        let address = stack.address(&spec.send.node, spec.send.port)?;
        let template = Template::new(path, spec, address).map_err(LoadError::from)?;
        Ok::<_, RunError>((path.clone(), Target { template, stores: spec.may_write() }))
    };
    topology.paths.iter().map(target).collect()
}
