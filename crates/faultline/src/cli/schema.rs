//! `faultline schema`: the formats of files as JSON schemas.

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::exit::{Exit, Failure};
use crate::report::Report;
use crate::scenario::schema;

/// `faultline schema`.
#[derive(Debug, Args)]
#[command(after_help = "\
Editors with a TOML language server complete scenarios from it: put a line into the scenario like
  #:schema ../docs/scenario.schema.json")]
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
        super::output::print(super::json(&self.of.schema())?)?;
        Ok(Exit::Pass)
    }
}

impl Format {
    fn schema(self) -> Value {
        match self {
            Self::Scenario => schema::schema(),
            Self::Report => schemars::schema_for!(Report).to_value(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `faultline schema NAME > docs/NAME.schema.json` makes them anew.
    #[test]
    fn the_published_schemas_are_these() {
        let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        for format in Format::value_variants() {
            let name = format.to_possible_value().unwrap().get_name().to_owned();
            let text = std::fs::read_to_string(docs.join(format!("{name}.schema.json"))).unwrap();
            let published: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(published, format.schema(), "{name}");
        }
    }
}
