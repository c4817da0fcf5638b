//! What was measured, by name, with the machine and the versions that it was measured with.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Failed;

/// All figures of one run of the benches.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// When it ended, RFC 3339, UTC.
    pub taken: String,
    /// The machine and the versions of what ran on it.
    pub facts: BTreeMap<String, String>,
    /// Each figure by its name.
    pub figures: BTreeMap<String, Figure>,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What was measured.
    pub value: f64,
    /// Of what: `s` is seconds for one, `/s` how many a second.
    pub unit: String,
    /// From where to where it may lie, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<(f64, f64)>,
}

impl Figure {
    /// A value of which no interval is known.
    #[must_use]
    pub fn of(value: f64, unit: &str) -> Self {
        Self { value, unit: unit.to_owned(), interval: None }
    }
}

impl Figures {
    /// Reads a file of figures.
    ///
    /// # Errors
    /// That it can't be read, or is no file of figures, with its path.
    pub fn read(path: &Path) -> Result<Self, Failed> {
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| told(&error))?;
        Ok(serde_json::from_str(&text).map_err(|error| told(&error))?)
    }

    /// Writes them to a file.
    ///
    /// # Errors
    /// What the system says, with the path.
    pub fn write(&self, path: &Path) -> Result<(), Failed> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()).into())
    }

    /// Adds a figure.
    pub fn add(&mut self, name: impl Into<String>, figure: Figure) {
        self.figures.insert(name.into(), figure);
    }

    /// The value of a figure.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<f64> {
        self.figures.get(name).map(|figure| figure.value)
    }

    /// What differs between the machines and versions of two runs, as `what: here, there`.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let missing = "nothing".to_owned();
        let all = self.facts.keys().chain(other.facts.keys());
        let keys: std::collections::BTreeSet<_> = all.collect();
        let told = |key: &&String| {
            let (here, there) =
                (self.facts.get(*key).unwrap_or(&missing), other.facts.get(*key).unwrap_or(&missing));
            (here != there).then(|| format!("{key}: {here} here, {there} there"))
        };
        keys.iter().filter_map(told).collect()
    }
}
