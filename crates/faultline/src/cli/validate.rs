//! `faultline validate`: checks scenario files and gives the line of each mistake.

use std::path::PathBuf;

use clap::Args;

use super::arguments::TopologyArgs;
use super::exit::{Exit, Failure};
use super::{load_files, output};

/// Arguments of `faultline validate`.
#[derive(Debug, Args)]
pub struct Validate {
    /// Scenario files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    topology: TopologyArgs,
}

impl Validate {
    /// Runs the command. It checks every file, whatever is wrong with earlier ones.
    ///
    /// # Errors
    /// A [`Failure`] of usage if the topology cannot be read.
    pub fn perform(self) -> Result<Exit, Failure> {
        let topology = self.topology.read()?;
        let mut exit = Exit::Pass;
        for file in &self.files {
            match load_files::scenario(file, &topology) {
                Ok(scenario) => {
                    output::print(format_args!("{}: ok ({})\n", file.display(), scenario.shows))?;
                }
                Err(failure) => {
                    output::note(&failure);
                    exit = failure.exit;
                }
            }
        }
        Ok(exit)
    }
}
