//! A system that runs, for several scenarios one after another.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::Lab;
use super::error::LabError;
use super::scenario_file::ScenarioFile;
use crate::report::Report;
use crate::runner::folder::LOGS;
use crate::runner::progress::NullListener;
use crate::runner::{Run, RunFolder};
use crate::stack::Stack;

/// System that runs until it is stopped. Dropped without that, its nodes are killed.
// The folder's data is left then: a node that was not waited for may still write to it.
#[derive(Debug)]
pub struct System {
    lab: Lab,
    folder: RunFolder,
    stack: Arc<Stack>,
}

impl System {
    pub(super) async fn start(lab: Lab) -> Result<Self, LabError> {
        let folder = RunFolder::create(&lab.runs, "up", "system")?;
        let stack = lab.builder().build(folder.run(), folder.path()).await?;
        let system = Self { lab, folder, stack: Arc::new(stack) };
        match system.stack.start(&|_| {}).await {
            Ok(()) => Ok(system),
            Err(error) => {
                system.stop().await?;
                Err(error.into())
            }
        }
    }

    /// Returns the address at which a port of a node is reached from this machine.
    ///
    /// # Errors
    /// [`LabError::Run`] for a port that the topology does not have.
    pub fn address(&self, node: &str, port: u16) -> Result<SocketAddr, LabError> {
        Ok(self.stack.address(node, port)?)
    }

    /// Runs a scenario on the system and judges the run. Each run has a folder of its own; it reads the entries of its own
    /// run from the stores, whatever ran before.
    ///
    /// # Errors
    /// [`LabError`] if there is no verdict.
    pub async fn run(&self, scenario: &ScenarioFile) -> Result<Report, LabError> {
        let mut options = self.lab.options(scenario)?;
        options.logs = Some(self.folder.path().join(LOGS));
        let (listener, cancel) = (Box::new(NullListener), CancellationToken::new());
        Ok(Run::begin_on(Arc::clone(&self.stack), options, listener, cancel).report().await?)
    }

    /// Stops the system and removes its data; the nodes' logs stay.
    ///
    /// # Errors
    /// [`LabError::Run`] if the data cannot be removed.
    pub async fn stop(self) -> Result<(), LabError> {
        self.stack.shutdown().await;
        Ok(self.folder.remove_data()?)
    }
}
