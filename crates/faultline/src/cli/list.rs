//! `faultline list`: lists the scenarios of a folder, with the purpose of each.

use std::path::PathBuf;

use clap::Args;

use super::exit::{Exit, Failure};
use super::{load_files, output};
use crate::scenario;

/// Arguments of `faultline list`.
#[derive(Debug, Args)]
pub struct List {
    /// Folder of scenarios
    #[arg(default_value = "scenarios")]
    folder: PathBuf,
}

impl List {
    /// Runs the command. A file that is not a scenario is listed with its first mistake.
    ///
    /// # Errors
    /// A [`Failure`] of usage if the folder cannot be read.
    pub fn perform(self) -> Result<Exit, Failure> {
        let unread =
            |error| Failure::usage(format!("cannot read the folder {}: {error}", self.folder.display()));
        let entries = std::fs::read_dir(&self.folder).map_err(unread)?;
        let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
        // A folder is read in no order.
        files.sort();
        let width = files.iter().map(|path| load_files::name_of(path).len()).max().unwrap_or(0);
        let line = |path: &PathBuf| format!("{:<width$}  {}\n", load_files::name_of(path), shows(path));
        output::print(files.iter().map(line).collect::<String>())?;
        Ok(Exit::Pass)
    }
}

// A file with a mistake is listed too: a list that leaves it out would look as if it did not exist.
fn shows(path: &std::path::Path) -> String {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return format!("(cannot be read: {error})"),
    };
    match scenario::parse(&path.display().to_string(), &text) {
        Ok(scenario) => scenario.shows,
        Err(mistakes) => {
            let first =
                mistakes.list.first().map_or_else(String::new, |m| format!("line {}: {}", m.line, m.message));
            format!("(not a scenario: {first})")
        }
    }
}
