//! Faults that can't be injected or healed.

use super::journal::JournalError;
use crate::proxy::ProxyError;
use crate::stack::StackError;

/// A fault that can't be injected or healed.
#[derive(Debug, thiserror::Error)]
pub enum FaultError {
    /// The provider failed.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The journal can't be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A schedule without the details of the fault.
    #[error("schedule: expected the details of a toxic or partition, found none")]
    Unplanned,
    /// A link that can't be healed.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
}
