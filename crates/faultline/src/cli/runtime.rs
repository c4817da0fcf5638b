//! The runtime of the verbs that need one. Others start faster without its threads.

use super::exit::Failure;

/// Starts a runtime.
///
/// # Errors
/// A [`Failure`] if its threads cannot be started.
pub(super) fn start() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::internal(format!("cannot start the runtime: {error}")))
}
