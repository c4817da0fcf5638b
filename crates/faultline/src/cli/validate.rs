//! `faultline validate`: reads scenarios and tells their mistakes.

use std::path::PathBuf;

use clap::Args;

use super::exit::{Exit, Failure};
use super::{TopologyArgs, load_files, output};

/// `faultline validate`.
#[derive(Debug, Args)]
pub struct Validate {
    /// The scenarios
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    topology: TopologyArgs,
}

impl Validate {
    /// Does it; every file is looked at.
    ///
    /// # Errors
    /// A [`Failure`] of usage when a topology can't be read.
    pub fn perform(self) -> Result<Exit, Failure> {
        let topology = self.topology.read()?;
        let mut exit = Exit::Pass;
        for file in &self.files {
            match load_files::scenario(file, &topology) {
                Ok(scenario) => {
                    output::print(format_args!("{}: good: {}\n", file.display(), scenario.shows))?;
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
