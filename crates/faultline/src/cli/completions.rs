//! `faultline completions` and `faultline man`: shell completions and manual pages of the command line.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use super::exit::{Exit, Failure};
use super::output;

/// Arguments of `faultline completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// Shell to complete for
    shell: Shell,
}

impl Completions {
    /// Runs the command.
    ///
    /// # Errors
    /// A [`Failure`] if standard output cannot be written.
    pub fn perform(self, program: &mut clap::Command) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        // Into a buffer first: the generator panics when a write fails, as it does once the reader has gone.
        clap_complete::generate(self.shell, program, "faultline", &mut script);
        output::print(String::from_utf8_lossy(&script))?;
        Ok(Exit::Pass)
    }
}

/// Arguments of `faultline man`.
#[derive(Debug, Args)]
pub struct Man {
    /// Folder for a page of the program and one of each verb; by default the program's page goes to standard output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Man {
    /// Runs the command.
    ///
    /// # Errors
    /// A [`Failure`] that names a folder which cannot be written.
    pub fn perform(self, program: clap::Command) -> Result<Exit, Failure> {
        if let Some(folder) = self.out {
            let created = std::fs::create_dir_all(&folder);
            created.and_then(|()| clap_mangen::generate_to(program, &folder)).map_err(|error| {
                Failure::unavailable(format!("cannot write {}: {error}", folder.display()))
            })?;
            return Ok(Exit::Pass);
        }
        let mut page = Vec::new();
        clap_mangen::Man::new(program).render(&mut page).map_err(Failure::internal)?;
        output::print(String::from_utf8_lossy(&page))?;
        Ok(Exit::Pass)
    }
}
