//! Reasons for which there is no verdict.

use std::io;
use std::path::PathBuf;

use crate::runner::RunError;
use crate::runner::folder::FolderError;
use crate::scenario::Mistakes;
use crate::stack::StackError;
use crate::stack::topology::{ReplicasError, TopologyError};

/// A reason for which there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The compose file is no topology.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// A node cannot be replicated so.
    #[error(transparent)]
    Replicas(#[from] ReplicasError),
    /// The scenario's file cannot be read.
    #[error("can't read the scenario {}: {source}", path.display())]
    File {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The scenario has mistakes, each named with its line.
    #[error(transparent)]
    Scenario(#[from] Mistakes),
    /// The system did not start or stop in order, or the run ended without a verdict.
    #[error(transparent)]
    Run(#[from] RunError),
    /// No runtime could be made.
    #[error("can't make a runtime: {0}")]
    Runtime(io::Error),
}

impl From<StackError> for LabError {
    fn from(error: StackError) -> Self {
        Self::Run(error.into())
    }
}

impl From<FolderError> for LabError {
    fn from(error: FolderError) -> Self {
        Self::Run(error.into())
    }
}
