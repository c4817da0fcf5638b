//! Figures by name, with the machine and the versions that they were measured with.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::failure::BenchError;

/// Figures of one run of the benches.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BenchFigures {
    /// End of the run, RFC 3339, UTC.
    pub taken: String,
    /// Facts of the machine, and versions of the programs on it.
    pub facts: BTreeMap<String, String>,
    /// Figures by name.
    // Sorted, so that two baselines in the repository differ only where their figures do.
    pub figures: BTreeMap<String, Figure>,
}

/// Measured value with its unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Median, where it was measured more than once.
    pub value: f64,
    /// Unit: `s` is seconds for one, `/s` is the number per second.
    pub unit: String,
    /// Least and greatest measurement, or criterion's interval of confidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<(f64, f64)>,
}

impl Figure {
    /// Value without an interval.
    #[must_use]
    pub fn new(value: f64, unit: &str) -> Self {
        Self { value, unit: unit.to_owned(), interval: None }
    }
}

impl BenchFigures {
    /// Reads a file of figures.
    ///
    /// # Errors
    /// Names the file that can't be read or holds something else.
    pub fn read(path: &Path) -> Result<Self, BenchError> {
        let located = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| located(&error))?;
        Ok(serde_json::from_str(&text).map_err(|error| located(&error))?)
    }

    /// Writes a file of figures.
    ///
    /// # Errors
    /// Names the file that can't be written.
    pub fn write(&self, path: &Path) -> Result<(), BenchError> {
        let mut text = serde_json::to_string_pretty(self)?;
        // Files in the repository end with a line break.
        text.push('\n');
        std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()).into())
    }

    /// Adds a figure.
    pub fn add(&mut self, name: impl Into<String>, figure: Figure) {
        self.figures.insert(name.into(), figure);
    }

    /// Value of a figure.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<f64> {
        self.figures.get(name).map(|figure| figure.value)
    }

    /// Facts that differ between two runs, as `fact: expected …, found …`; `baseline` has the expected ones.
    #[must_use]
    pub fn differences(&self, baseline: &Self) -> Vec<String> {
        let missing = "nothing".to_owned();
        // A fact that only one side has is a difference too.
        let all = self.facts.keys().chain(baseline.facts.keys());
        let keys: std::collections::BTreeSet<_> = all.collect();
        let fact = |figures: &Self, key: &String| figures.facts.get(key).unwrap_or(&missing).clone();
        let difference = |key: &&String| {
            let (found, expected) = (fact(self, key), fact(baseline, key));
            (found != expected).then(|| format!("{key}: expected {expected}, found {found}"))
        };
        keys.iter().filter_map(difference).collect()
    }
}
