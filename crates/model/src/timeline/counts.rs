//! Counts of operations by outcome.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::history::Outcome;

/// Numbers of operations by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Operations that were due.
    pub offered: u64,
    /// Operations that were due and not sent, because the limit of operations in flight was reached.
    pub dropped: u64,
    /// Operations that were acknowledged.
    pub ok: u64,
    /// Operations that surely had no effect.
    pub fail: u64,
    /// Operations whose effect is unknown.
    pub info: u64,
}

impl Counts {
    /// Counts the outcome of an operation that was offered before.
    pub fn settle(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Ok => self.ok += 1,
            Outcome::Fail => self.fail += 1,
            Outcome::Info => self.info += 1,
        }
    }

    /// Counts an operation that was due and could not be sent.
    pub fn count_dropped(&mut self) {
        self.offered += 1;
        self.dropped += 1;
    }

    /// Returns the number of operations that were sent.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.offered - self.dropped
    }

    /// Returns the number of operations that were sent and have not ended.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        // Never below 0: an end counts only if its operation was in flight.
        self.sent() - self.ok - self.fail - self.info
    }
}
