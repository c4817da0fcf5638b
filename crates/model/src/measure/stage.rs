//! The result of one stage of a load.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::figures::LoadFigures;
use super::tally::Tally;
use crate::scenario::duration::Span;

/// Result of one stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhaseResult {
    /// Start of the stage, after the start of the load.
    pub from: Span,
    /// End of the stage, after the start of the load.
    pub until: Span,
    /// Tallies by path.
    pub paths: BTreeMap<String, Tally>,
}

impl PhaseResult {
    /// Computes the figures, by path.
    #[must_use]
    pub fn figures(&self, took: u64) -> BTreeMap<String, LoadFigures> {
        // One that was ended before its time lasted as long as it went on.
        // At least a microsecond, since rates divide by it.
        let until = self.until.micros().min(took.max(self.from.micros() + 1));
        let seconds = (until - self.from.micros()) as f64 / 1e6;
        self.paths.iter().map(|(path, tally)| (path.clone(), LoadFigures::new(tally, seconds))).collect()
    }
}
