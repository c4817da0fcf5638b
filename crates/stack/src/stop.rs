//! The end of a node that the lab asked to stop, and what the maker of its program promises of it.

use std::time::Duration;

use tokio::time::Instant;

use super::process::Status;

/// Exit codes of the services: `chassis::run` promises 0 after an orderly end.
pub const SERVICE: &[i32] = &[0];

/// Exit codes of an image of which nothing else is known.
// A program that ends itself by the signal after its own clean-up stops gracefully too: a Java machine runs its
// shutdown hooks and exits with 128 + 15.
pub const IMAGE: &[i32] = &[0, 128 + 15];

/// The end of a node that was asked to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopOutcome {
    /// Name of the node.
    pub node: String,
    /// Exit status.
    pub status: Status,
    /// Exit codes that are promised for the signal.
    pub promised: &'static [i32],
    /// Time from the signal to the end.
    pub took: Duration,
    /// Time that it had before it was killed.
    pub grace: Duration,
    /// Moment of the end.
    pub ended: Instant,
}
