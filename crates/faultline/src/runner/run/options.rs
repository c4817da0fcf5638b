//! Options of a run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::manual_faults::ManualFaults;
use crate::proxy::Registry;
use crate::scenario::Schedule;
use crate::stack::{Choice, Override, READY_WITHIN, Topology};

/// Options of a run.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// System under test.
    pub topology: Topology,
    /// Schedule of the run.
    pub schedule: Schedule,
    /// Folder that holds the folders of runs.
    pub runs: PathBuf,
    /// True to keep the data of the nodes after the run.
    pub keep: bool,
    /// Provider that runs the nodes.
    pub choice: Choice,
    /// Differences from the topology, by node.
    pub overrides: BTreeMap<String, Override>,
    /// Command that repeats the run, for its report.
    pub command: String,
    /// Token that ends a manual load as if it had been planned so; none where the schedule ends it.
    pub finish: Option<CancellationToken>,
    /// Folder with the nodes' logs, for a run on a stack that was up before; none if they are in the run's own folder.
    pub logs: Option<PathBuf>,
    /// True to sample nodes, links and stores for the live lab.
    pub watched: bool,
    /// Longest time that the stack may take to be ready.
    pub ready_within: Duration,
    /// Registry of the links' proxies while the stack runs.
    pub registry: Arc<Registry>,
    /// Handle for manual faults, which the run attaches to itself.
    pub manual_faults: ManualFaults,
}

impl RunOptions {
    /// Makes the default options for a schedule.
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
            ready_within: READY_WITHIN,
            registry: Arc::new(Registry::new(seed)),
            manual_faults: ManualFaults::default(),
        }
    }
}
