//! Topology and scenario files of the command line. Mistakes in them are failures of usage.

use std::path::Path;

use super::exit::Failure;
use super::retired;
use crate::scenario::{self, Mistakes, Scenario, validate};
use crate::stack::Topology;
use crate::stack::topology;

/// Reads a topology.
///
/// # Errors
/// A [`Failure`] of usage that names the line of the mistake.
pub fn topology(path: &Path) -> Result<Topology, Failure> {
    topology::read_file(path).map_err(Failure::usage)
}

/// Reads a scenario and checks its names against a topology.
///
/// # Errors
/// A [`Failure`] of usage that names the line of every mistake.
pub fn scenario(path: &Path, topology: &Topology) -> Result<Scenario, Failure> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read the scenario {file}: {error}")))?;
    let scenario = scenario::parse(&file, &text).map_err(Failure::usage)?;
    retired::warn_of_keys(path, &text);
    let list = validate::names(&scenario, &topology.names(), &text);
    if list.is_empty() { Ok(scenario) } else { Err(Failure::usage(Mistakes { file, list })) }
}

/// Returns the name of a scenario: the name of its file without the ending.
#[must_use]
pub fn name_of(path: &Path) -> String {
    path.file_stem().map_or_else(|| "scenario".to_owned(), |stem| stem.to_string_lossy().into_owned())
}
