//! Why a run has no verdict.

use super::folder::FolderError;
use super::recorder::RecordError;
use crate::fault::JournalError;
use crate::history::HistoryError;
use crate::load::LoadError;
use crate::stack::StackError;

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The stack could not be started.
    #[error("the stack could not be started: {0}")]
    Stack(#[from] StackError),
    /// The run has no folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The undos can't be written down.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The history is not whole.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The history can't be read back.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The load can't be made.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Interrupted before there was anything to judge.
    #[error("interrupted while the stack was starting; nothing was judged, and nothing is left")]
    Interrupted,
}
