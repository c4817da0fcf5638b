//! `faultline completions` and `faultline man`: what a shell and `man` know of the command line.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::exit::{Exit, Failure};
use super::{Cli, output};

/// `faultline completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Does it.
    ///
    /// # Errors
    /// A [`Failure`] when nothing can be printed.
    pub fn perform(self) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "faultline", &mut script);
        output::print(String::from_utf8_lossy(&script))?;
        Ok(Exit::Pass)
    }
}

/// `faultline man`.
#[derive(Debug, Args)]
pub struct Man {
    /// A page for the program and one for each verb, into this folder; else the program's on standard output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Man {
    /// Does it.
    ///
    /// # Errors
    /// A [`Failure`] that names the folder which can't be written.
    pub fn perform(self) -> Result<Exit, Failure> {
        if let Some(folder) = self.out {
            let made = std::fs::create_dir_all(&folder);
            made.and_then(|()| clap_mangen::generate_to(Cli::command(), &folder)).map_err(|error| {
                Failure::unavailable(format!("can't write {}: {error}", folder.display()))
            })?;
            return Ok(Exit::Pass);
        }
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(Failure::internal)?;
        output::print(String::from_utf8_lossy(&page))?;
        Ok(Exit::Pass)
    }
}
