//! `faultline schema`: the formats of files as JSON schemas.

use clap::{Args, ValueEnum};

use super::exit::{Exit, Failure};
use crate::report::Report;
use crate::scenario::schema;

/// `faultline schema`.
#[derive(Debug, Args)]
#[command(after_help = "\
Editors with a TOML language server complete scenarios from it: put a line into the scenario like
  #:schema scenario.schema.json")]
pub struct Schema {
    /// Of which file
    #[arg(value_enum)]
    of: Format,
}

/// A format that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A scenario, scenarios/*.toml
    Scenario,
    /// The report of a run, report.json
    Report,
}

impl Schema {
    /// Does it.
    ///
    /// # Errors
    /// A [`Failure`] when nothing can be printed.
    pub fn perform(self) -> Result<Exit, Failure> {
        let schema = match self.of {
            Format::Scenario => schema::schema(),
            Format::Report => schemars::schema_for!(Report).to_value(),
        };
        super::printed(&super::json(&schema)?)?;
        Ok(Exit::Pass)
    }
}
