//! One second of a load.

use serde::{Deserialize, Serialize};

use super::tally::Tally;

/// Tally of the operations on one path that were due in one second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Second {
    /// Number of the second, from 0 at the start of the load.
    pub second: u64,
    /// Path of the operations.
    pub path: String,
    /// Counts and latencies.
    pub tally: Tally,
}
