//! `faultline faults`: lists faults and toxics with parameters, units and defaults.

use clap::{Args, ValueEnum};

use super::exit::{Exit, Failure};
use super::output;
use crate::report::catalogue;

/// Arguments of `faultline faults`.
#[derive(Debug, Args)]
pub struct Faults {
    /// Names of faults; all by default
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Form of the list
    #[arg(long, value_enum, default_value_t = CatalogueOutput::Human)]
    output: CatalogueOutput,
}

/// Form of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CatalogueOutput {
    /// Text for people
    Human,
    /// One JSON document
    Json,
    /// Markdown, as in docs/faults.md
    Markdown,
}

impl Faults {
    /// Runs the command.
    ///
    /// # Errors
    /// A [`Failure`] of usage for an unknown name.
    pub fn perform(self) -> Result<Exit, Failure> {
        let mut entries = catalogue::entries();
        for name in &self.names {
            if !entries.iter().any(|entry| entry.name == name) {
                let known: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
                return Err(Failure::usage(format!(
                    "fault: expected one of {}, found \"{name}\"",
                    known.join(", ")
                )));
            }
        }
        // The order of the catalogue, whatever the order of the names.
        entries.retain(|entry| self.names.is_empty() || self.names.iter().any(|name| name == entry.name));
        let text = match self.output {
            CatalogueOutput::Human => catalogue::render(&entries, output::style()),
            CatalogueOutput::Json => output::json(&entries)?,
            CatalogueOutput::Markdown => catalogue::markdown(&entries),
        };
        output::print(text)?;
        Ok(Exit::Pass)
    }
}
