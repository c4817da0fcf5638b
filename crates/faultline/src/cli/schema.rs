//! `faultline schema`: prints JSON schemas of file formats.

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::exit::{Exit, Failure};
use super::output;
use crate::report::Report;
use crate::scenario::schema;
use crate::stack::topology;

/// Arguments of `faultline schema`.
#[derive(Debug, Args)]
#[command(after_help = "\
An editor with a TOML or YAML language server completes files from it. Add a line to a scenario, or to a compose file:
  #:schema ../docs/scenario.schema.json
  # yaml-language-server: $schema=docs/compose.schema.json")]
pub struct Schema {
    /// File format
    #[arg(value_enum)]
    of: FileFormat,
}

/// File format that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    /// Scenario, scenarios/*.toml
    Scenario,
    /// Sections `x-faultline` of a compose file
    Compose,
    /// Report of a run, report.json
    Report,
}

impl Schema {
    /// Runs the command.
    ///
    /// # Errors
    /// A [`Failure`] if standard output cannot be written.
    pub fn perform(self) -> Result<Exit, Failure> {
        output::print(output::json(&self.of.schema())?)?;
        Ok(Exit::Pass)
    }
}

impl FileFormat {
    fn schema(self) -> Value {
        match self {
            Self::Scenario => schema::schema(),
            Self::Compose => topology::schema::schema(),
            Self::Report => schemars::schema_for!(Report).to_value(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `faultline schema NAME > docs/NAME.schema.json` writes them anew.
    #[test]
    fn the_published_schemas_are_these() {
        let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        for format in FileFormat::value_variants() {
            let name = format.to_possible_value().unwrap().get_name().to_owned();
            let text = std::fs::read_to_string(docs.join(format!("{name}.schema.json"))).unwrap();
            let published: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(published, format.schema(), "{name}");
        }
    }
}
