//! A system that is ready for a load: started for it, or running already.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::load::PathTarget;
use crate::runner::error::RunError;
use crate::runner::folder::RunFolder;
use crate::runner::live_timeline::LiveTimeline;
use crate::runner::observe::contents;
use crate::runner::progress::{Listener, Progress, Stage};
use crate::runner::targets::targets;
use crate::scenario::Schedule;
use crate::stack::{Choice, Override, Stack, StackBuilder, Topology, Wiring};

/// Target of a load.
#[derive(Debug, Clone)]
pub enum LoadTarget {
    /// A system that is started for the load, and stopped after it.
    Started(Box<StartOptions>),
    /// A system that runs already.
    Running {
        /// Targets by path.
        targets: BTreeMap<String, PathTarget>,
        /// Description of the system, for the report.
        description: String,
    },
}

/// A system that is started for a load.
#[derive(Debug, Clone)]
pub struct StartOptions {
    /// Topology of the system.
    pub topology: Topology,
    /// Provider that runs the nodes.
    pub choice: Choice,
    /// Differences from the topology, by node.
    pub overrides: BTreeMap<String, Override>,
}

/// A system that is ready.
pub(super) struct SystemHandle {
    /// Targets by path.
    pub(super) targets: BTreeMap<String, PathTarget>,
    /// Description of the system, for the report.
    pub(super) description: String,
    stack: Option<Stack>,
}

impl SystemHandle {
    /// Starts the system if it does not run yet, and waits until it is ready.
    ///
    /// # Errors
    /// [`RunError`] when the system can't be started, or the start was interrupted; whatever was started is stopped
    /// then.
    pub(super) async fn ready(
        target: &LoadTarget,
        schedule: &Schedule,
        folder: &RunFolder,
        listener: &mut dyn Listener,
        cancel: &CancellationToken,
    ) -> Result<Self, RunError> {
        match target {
            LoadTarget::Running { targets, description } => {
                listener.on(&begins(folder, description, 0, schedule));
                Ok(Self { targets: targets.clone(), description: description.clone(), stack: None })
            }
            LoadTarget::Started(started) => Self::start(started, schedule, folder, listener, cancel).await,
        }
    }

    async fn start(
        started: &StartOptions,
        schedule: &Schedule,
        folder: &RunFolder,
        listener: &mut dyn Listener,
        cancel: &CancellationToken,
    ) -> Result<Self, RunError> {
        let begun = Instant::now();
        let StartOptions { topology, choice, overrides } = started;
        let builder = StackBuilder::new(topology.clone()).choice(*choice).overrides(overrides.clone());
        // Wired directly, since the proxies of the links would be measured too.
        let stack = builder.wiring(Wiring::Direct).build(folder.run(), folder.path()).await?;
        listener.on(&begins(folder, stack.provider_reason(), topology.nodes.len(), schedule));
        // Nodes start side by side and share one callback, but a listener is called by one at a time.
        let listener = Mutex::new(listener);
        let report = |progress| listener.lock().unwrap_or_else(PoisonError::into_inner).on(&progress);
        let starting = |starting| report(Progress::Starting(starting));
        let ready = tokio::select! {
            ready = stack.start(&starting) => ready.map_err(RunError::from),
            () = cancel.cancelled() => Err(RunError::Interrupted),
        };
        match ready.and_then(|()| targets(topology, &stack)) {
            Ok(targets) => {
                report(Progress::StackReady(begun.elapsed()));
                Ok(Self { targets, description: stack.provider_reason().to_owned(), stack: Some(stack) })
            }
            Err(error) => {
                // Whatever was started is stopped here: the caller has no stack to stop yet.
                report(Progress::Stage(Stage::Shutdown));
                stack.shutdown().await;
                Err(error)
            }
        }
    }

    /// Counts the messages in all queues; none if a queue can't be read.
    pub(super) async fn queued(&self) -> Option<u64> {
        let stack = self.stack.as_ref()?;
        // None for the sum if one queue is unknown: a part of the sum would look drained.
        let mut sum = 0;
        for queue in stack.topology().queues.values() {
            sum += contents::depth(stack, queue).await.ok()?;
        }
        Some(sum)
    }

    /// Stops the system if it was started for the load.
    pub(super) async fn end(self, listener: &mut dyn Listener) {
        if let Some(stack) = self.stack {
            listener.on(&Progress::Stage(Stage::Shutdown));
            // A load has no history, so nobody judges how the nodes ended.
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
