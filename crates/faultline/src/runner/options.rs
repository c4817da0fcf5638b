//! What to run and how.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::proxy::Registry;
use crate::scenario::Schedule;
use crate::stack::processes::Override;
use crate::stack::{Choice, Topology};

/// What to run and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// The system.
    pub topology: Topology,
    /// The exact actions.
    pub schedule: Schedule,
    /// The folder that holds the folders of runs.
    pub runs: PathBuf,
    /// Keep the data of the nodes when the run is over.
    pub keep: bool,
    /// How its nodes are run.
    pub choice: Choice,
    /// What differs from the topology, by node.
    pub overrides: BTreeMap<String, Override>,
    /// The command that repeats it, for its report.
    pub command: String,
    /// Ends the load when it is cancelled, as if it had been planned so; for loads by hand.
    pub finish: Option<CancellationToken>,
    /// The folder with the nodes' logs, for a run on a stack that was up before; its own folder has them else.
    pub logs: Option<PathBuf>,
    /// Whether somebody watches: then nodes, links and stores are looked at while it goes on.
    pub watched: bool,
    /// How long the stack may take to be ready.
    pub ready_within: Duration,
    /// Where the proxies of the links are while the stack runs.
    pub registry: Arc<Registry>,
}

impl Options {
    /// The usual way to run a schedule.
    #[must_use]
    pub fn new(topology: Topology, schedule: Schedule, runs: PathBuf) -> Self {
        let seed = schedule.seed;
        Self {
            topology,
            schedule,
            runs,
            keep: false,
            choice: Choice::Auto,
            overrides: BTreeMap::new(),
            command: String::new(),
            finish: None,
            logs: None,
            watched: false,
            ready_within: Duration::from_secs(90),
            registry: Arc::new(Registry::new(seed)),
        }
    }
}
