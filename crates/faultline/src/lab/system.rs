//! A system that runs, for several scenarios one after another.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Lab;
use super::error::LabError;
use super::scenario_file::ScenarioFile;
use crate::report::Report;
use crate::runner::folder::LOGS;
use crate::runner::progress::NullListener;
use crate::runner::{Run, RunFolder};
use crate::stack::Stack;

/// System that runs until it is stopped. Dropped without that, its processes are killed; its containers and its data stay
/// until `faultline heal`.
#[derive(Debug)]
pub struct System {
    lab: Lab,
    folder: RunFolder,
    stack: Arc<Stack>,
}

impl System {
    pub(super) async fn start(lab: Lab) -> Result<Self, LabError> {
        // Not "up": `faultline down` ends the process that such a folder names, here that of the tests.
        let folder = RunFolder::create(&lab.runs, "test", "system")?;
        match started(&lab, &folder).await {
            Ok(stack) => Ok(Self { lab, folder, stack }),
            Err(error) => {
                if let Err(error) = folder.remove_data() {
                    tracing::warn!("{error}");
                }
                Err(error)
            }
        }
    }

    /// Returns the address at which a port of a node is reached from this machine.
    ///
    /// # Errors
    /// [`LabError::Stack`] for a port that the topology does not have.
    pub fn address(&self, node: &str, port: u16) -> Result<SocketAddr, LabError> {
        Ok(self.stack.address(node, port)?)
    }

    /// Runs a scenario on the system and judges the run, also one that asks for a system of its own. Each run has a folder
    /// of its own, and reads the entries of its own run from the stores, whatever ran before.
    ///
    /// # Errors
    /// [`LabError::Stack`] if a node is not ready, as after a fault that could not be healed; other [`LabError`] if there
    /// is no verdict.
    // Exclusive: two runs at once would disturb each other.
    pub async fn run(&mut self, scenario: &ScenarioFile) -> Result<Report, LabError> {
        let mut options = self.lab.options(scenario)?;
        options.logs = Some(self.folder.path().join(LOGS));
        // A run takes every node for ready at its beginning.
        self.stack.wait_all_ready(Instant::now()).await?;
        let (listener, cancel) = (Box::new(NullListener), CancellationToken::new());
        Ok(Run::begin_on(Arc::clone(&self.stack), options, listener, cancel).report().await?)
    }

    /// Stops the system and removes its data; the nodes' logs stay.
    ///
    /// # Errors
    /// [`LabError::Folder`] if the data cannot be removed.
    pub async fn stop(self) -> Result<(), LabError> {
        self.stack.shutdown().await;
        Ok(self.folder.remove_data()?)
    }
}

async fn started(lab: &Lab, folder: &RunFolder) -> Result<Arc<Stack>, LabError> {
    let stack = lab.builder().build(folder.run(), folder.path()).await?;
    if let Err(error) = stack.start(&|_| {}).await {
        stack.shutdown().await;
        return Err(error.into());
    }
    Ok(Arc::new(stack))
}
