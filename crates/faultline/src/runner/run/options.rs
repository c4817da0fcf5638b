//! Options of a run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

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
    /// Text of the scenario, for a copy in the folder of the run; none where the file is the caller's.
    pub scenario: Option<String>,
    /// Further arguments of the command that runs this copy again, such as `--topology shop.yml`.
    pub arguments: Vec<String>,
    /// Command that repeats the run, for its report; empty where it runs the copy of the scenario.
    pub command: String,
    /// End of the load.
    pub load_end: LoadEnd,
    /// Folder with the nodes' logs, for a run on a stack that was up before; none if they are in the run's own folder.
    pub logs: Option<PathBuf>,
    /// True to sample nodes, links and stores for the live lab.
    pub watched: bool,
    /// Longest time that the stack may take to be ready.
    pub ready_within: Duration,
    /// Registry of the links' proxies while the stack runs.
    pub registry: Arc<Registry>,
}

/// End of the load of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadEnd {
    /// End that the schedule sets.
    Schedule,
    /// End that a person sets, with [`Run::end`](super::handle::Run::end).
    Manual,
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
            scenario: None,
            arguments: Vec::new(),
            command: String::new(),
            load_end: LoadEnd::Schedule,
            logs: None,
            watched: false,
            ready_within: READY_WITHIN,
            registry: Arc::new(Registry::new(seed)),
        }
    }
}
