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
    /// The system did not start, is not ready, or has no such port.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The run ended without a verdict.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The folder of a run, or the data in it, can't be made or removed.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// No runtime could be made.
    #[error("can't make a runtime: {0}")]
    Runtime(io::Error),
}
