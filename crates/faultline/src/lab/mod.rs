//! The library's face: run a scenario on your own system from `cargo test`, and get a typed report.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use faultline::lab::{Lab, ScenarioFile};
//!
//! fn no_order_is_lost_when_rabbitmq_dies() -> Result<(), Box<dyn std::error::Error>> {
//!     let lab = Lab::from_compose("docker-compose.yml")?;
//!     let scenario = ScenarioFile::builder("rabbitmq-dies")
//!         .load(Duration::from_secs(10), &[("orders", "50/s")])
//!         .node_fault("kill", "rabbitmq", Duration::from_secs(3), Duration::from_secs(4))
//!         .build();
//!     lab.run_blocking(&scenario)?.assert_pass();
//!     Ok(())
//! }
//! ```
//!
//! Several scenarios can run one after another on one [`System`], which is started once.
//!
//! A scenario that stands in a file is read by [`ScenarioFile::read`]. Each run has a folder, ports, proxies and servers of
//! its own, so tests may run in parallel; they share the machine's cores, though, and a share of operations that is to be
//! ok may then be missed for want of them.
//!
//! | module | content |
//! | --- | --- |
//! | [`scenario_file`] | a scenario by its name and text, from a file or built in code |
//! | [`system`] | a system that runs, for several scenarios |
//! | `assertion` | assertions on a report |
//! | `error` | reasons for which there is no verdict |

mod assertion;
mod error;
pub mod scenario_file;
pub mod system;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::report::Report;
use crate::runner::progress::NullListener;
use crate::runner::{Run, RunOptions};
use crate::scenario::Schedule;
use crate::stack::{Choice, Override, READY_WITHIN, StackBuilder, Topology, topology};

pub use error::LabError;
pub use scenario_file::{ScenarioBuilder, ScenarioFile};
pub use system::System;

/// The folder of run folders, unless [`Lab::runs`] names another.
// Below `target`, which cargo keeps out of version control.
const RUNS: &str = "target/faultline";

/// System under test and how to run it. Nothing starts before [`Lab::run`] or [`Lab::start`].
#[derive(Debug, Clone)]
pub struct Lab {
    topology: Topology,
    /// Arguments of `faultline run` that give the same topology.
    arguments: Vec<String>,
    runs: PathBuf,
    choice: Choice,
    overrides: BTreeMap<String, Override>,
    seed: u64,
    ready_within: Duration,
}

impl Lab {
    /// Reads the system from a compose file with an `x-faultline` section. Variables in it come from the environment.
    ///
    /// # Errors
    /// [`LabError::Topology`] names the file and the place in it.
    pub fn from_compose(file: impl AsRef<Path>) -> Result<Self, LabError> {
        let topology = topology::read_file(file.as_ref())?;
        let arguments = vec!["--topology".to_owned(), file.as_ref().display().to_string()];
        // One seed by default, so that a test which fails sends the same load when it is run again.
        Ok(Self {
            topology,
            arguments,
            runs: PathBuf::from(RUNS),
            choice: Choice::Auto,
            overrides: BTreeMap::new(),
            seed: 1,
            ready_within: READY_WITHIN,
        })
    }

    /// Chooses how nodes run: as processes, as containers, or (the default) as containers where an engine answers and
    /// has every image.
    #[must_use]
    pub fn provider(self, choice: Choice) -> Self {
        Self { choice, ..self }
    }

    /// Sets the folder in which each run makes a folder of its own; `target/faultline` by default.
    #[must_use]
    pub fn runs(self, folder: impl Into<PathBuf>) -> Self {
        Self { runs: folder.into(), ..self }
    }

    /// Sets the seed, which decides arrivals, payloads and everything else that is random; 1 by default.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Sets the time in which every node must be ready.
    #[must_use]
    pub fn ready_within(self, limit: Duration) -> Self {
        Self { ready_within: limit, ..self }
    }

    /// Sets the number of copies of a node.
    ///
    /// # Errors
    /// [`LabError::Replicas`] for a node that cannot be replicated, or a number out of bounds.
    pub fn replicas(mut self, node: &str, number: usize) -> Result<Self, LabError> {
        self.topology.replicate(node, number)?;
        self.arguments.push(format!("--replicas={node}={number}"));
        Ok(self)
    }

    /// Runs a node by another program, or with more variables, than the compose file says: a build of your own, or one
    /// with a bug that the test expects to be found.
    #[must_use]
    pub fn node_override(mut self, node: impl Into<String>, special: Override) -> Self {
        self.overrides.insert(node.into(), special);
        self
    }

    /// Starts the system, runs the scenario on it, stops the system, and judges the run. The run's folder holds the
    /// history, the report in every form and the nodes' logs.
    ///
    /// # Errors
    /// [`LabError`] if there is no verdict: a mistake in the scenario, or a system that does not start.
    pub async fn run(&self, scenario: &ScenarioFile) -> Result<Report, LabError> {
        let options = self.options(scenario)?;
        Ok(Run::begin(options, Box::new(NullListener), CancellationToken::new()).report().await?)
    }

    /// Starts the system, for several scenarios one after another.
    ///
    /// # Errors
    /// [`LabError::Stack`] if it does not start; what was started is stopped then.
    pub async fn start(&self) -> Result<System, LabError> {
        System::start(self.clone()).await
    }

    /// Runs the scenario as [`Lab::run`] does, on a runtime of its own, for a test that is no async function.
    ///
    /// # Errors
    /// The errors of [`Lab::run`], and [`LabError::Runtime`] if no runtime can be made.
    pub fn run_blocking(&self, scenario: &ScenarioFile) -> Result<Report, LabError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        runtime.map_err(LabError::Runtime)?.block_on(self.run(scenario))
    }

    fn options(&self, scenario: &ScenarioFile) -> Result<RunOptions, LabError> {
        let checked = scenario.check(&self.topology)?;
        let schedule = Schedule::derive(scenario.name(), &checked, self.seed);
        let mut options = RunOptions::new(self.topology.clone(), schedule, self.runs.clone());
        options.scenario = Some(scenario.text().to_owned());
        options.arguments.clone_from(&self.arguments);
        options.choice = self.choice;
        options.overrides = self.overrides.clone();
        options.ready_within = self.ready_within;
        Ok(options)
    }

    fn builder(&self) -> StackBuilder<'static> {
        StackBuilder::new(self.topology.clone())
            .choice(self.choice)
            .overrides(self.overrides.clone())
            .ready_within(self.ready_within)
    }
}
