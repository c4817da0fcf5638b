//! `faultline faults`: every fault there is, with its keys, units and defaults.

use clap::{Args, ValueEnum};

use super::exit::{Exit, Failure};
use crate::report::catalogue;

/// `faultline faults`.
#[derive(Debug, Args)]
pub struct Faults {
    /// Only these
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// For people, for programs, or the documentation
    #[arg(long, value_enum, default_value_t = Form::Human)]
    output: Form,
}

/// How the catalogue is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people
    Human,
    /// One JSON document
    Json,
    /// Markdown
    Markdown,
}

impl Faults {
    /// Does it.
    ///
    /// # Errors
    /// A [`Failure`] of usage for a name that is none of a fault.
    pub fn perform(self) -> Result<Exit, Failure> {
        let mut entries = catalogue::entries();
        for name in &self.names {
            if !entries.iter().any(|entry| entry.name == name) {
                let known: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
                return Err(Failure::usage(format!("no fault \"{name}\"; there are {}", known.join(", "))));
            }
        }
        entries.retain(|entry| self.names.is_empty() || self.names.iter().any(|name| name == entry.name));
        let text = match self.output {
            Form::Human => catalogue::render(&entries, super::style()),
            Form::Json => super::json(&entries)?,
            Form::Markdown => catalogue::markdown(&entries),
        };
        super::output::print(text)?;
        Ok(Exit::Pass)
    }
}
