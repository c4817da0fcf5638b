//! Reasons for a run without a verdict.

use super::folder::FolderError;
use super::recorder::RecordError;
use crate::fault::JournalError;
use crate::history::HistoryError;
use crate::load::LoadError;
use crate::stack::StackError;

/// Reason for a run without a verdict.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The stack could not be started.
    #[error("the system could not be started: {0}")]
    Stack(#[from] StackError),
    /// The run has no folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The journal can't be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The history is incomplete.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The history can't be read back.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The load can't be made.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The task of the run panicked, or ended with its runtime.
    #[error("the run ended early: expected a report, found a task that {0}")]
    Task(String),
    /// The report was taken before.
    #[error("the report of the run was taken before")]
    Reported,
    /// The run was interrupted before there was anything to judge.
    #[error("interrupted while the system was starting: nothing was judged, and everything was cleaned up")]
    Interrupted,
}
