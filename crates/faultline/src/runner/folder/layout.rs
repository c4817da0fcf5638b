//! The folder of a run, and the names of its files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use time::OffsetDateTime;
use time::macros::format_description;

use super::owner::{self, Candidate, Owner};
use crate::stack::data;
use crate::stack::mark::Mark;
use crate::stack::run_id::RunId;

/// A folder that can't be made or read.
#[derive(Debug, thiserror::Error)]
#[error("{what} {path}: {source}", path = path.display())]
pub struct FolderError {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl FolderError {
    /// Makes the error of a file that can't be written.
    pub(in crate::runner) fn writing(path: PathBuf, source: io::Error) -> Self {
        Self { what: "can't write", path, source }
    }
}

/// A file in the folder of a run whose data is to be kept.
pub const KEPT: &str = "keep";

/// The folder with the nodes' logs, in that of a run.
pub const LOGS: &str = "logs";

/// The file with manual faults and loads as a scenario, in the folder of their run.
pub const SCENARIO: &str = "scenario.toml";

/// Returns the name of a run's folder, which is unique among the runs.
#[must_use]
pub fn name_of(folder: &Path) -> String {
    folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The folder of one run.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
    run: RunId,
}

impl RunFolder {
    /// Makes a new folder in `runs`; its name is the time, `title`, and the run's id.
    ///
    /// # Errors
    /// [`FolderError`] names the folder and the error of the system.
    pub fn create(runs: &Path, verb: &str, title: &str) -> Result<Self, FolderError> {
        let run = RunId::random();
        // In UTC, so that names sort by age also when the clocks change.
        let time = OffsetDateTime::now_utc()
            .format(format_description!("[year][month][day]-[hour][minute][second]"))
            .unwrap_or_default();
        // The time first, so that folders sort by age; the id last, by which `heal` checks the owner.
        let path = runs.join(format!("{time}-{}-{run}", plain(title)));
        let failed =
            |source| FolderError { what: "can't make the folder of the run", path: path.clone(), source };
        fs::create_dir_all(&path).map_err(failed)?;
        // Absolute, since nodes have working directories of their own.
        let path = fs::canonicalize(&path).map_err(failed)?;
        let folder = Self { path, run };
        let owner = Owner {
            run: folder.run.clone(),
            verb: verb.to_owned(),
            harness: Mark::of_this_harness(),
            scenario: (verb == "run").then(|| title.to_owned()),
        };
        // Written at once: a folder without an owner is none that `heal` may touch.
        folder.write_json(owner::FILE, &owner)?;
        Ok(folder)
    }

    /// Returns the path of the folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the id of the run.
    #[must_use]
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// Marks the data of the nodes as kept, for `heal` too.
    ///
    /// # Errors
    /// [`FolderError`] names the file.
    pub fn keep_data(&self) -> Result<(), FolderError> {
        let path = self.path.join(KEPT);
        let text = "--keep was given: `faultline heal` keeps the data of this run's nodes\n";
        fs::write(&path, text).map_err(|source| FolderError { what: "can't write", path, source })
    }

    /// Writes a value as JSON for people to read too.
    ///
    /// # Errors
    /// [`FolderError`] names the file.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), FolderError> {
        let path = self.path.join(name);
        let text = serde_json::to_string_pretty(value).map_err(io::Error::from).map(|text| text + "\n");
        text.and_then(|text| fs::write(&path, text)).map_err(|source| FolderError {
            what: "can't write",
            path,
            source,
        })
    }

    /// Writes a text.
    ///
    /// # Errors
    /// [`FolderError`] names the file.
    pub fn write_text(&self, name: &str, text: &str) -> Result<(), FolderError> {
        let path = self.path.join(name);
        fs::write(&path, text).map_err(|source| FolderError::writing(path, source))
    }

    /// Makes a link in the folder to a path elsewhere.
    ///
    /// # Errors
    /// [`FolderError`] names the file.
    pub fn link(&self, name: &str, to: &Path) -> Result<(), FolderError> {
        // Relative to a folder beside this one, so that both can be moved together.
        let beside = self.path.parent().and_then(|runs| to.strip_prefix(runs).ok());
        let to = beside.map_or_else(|| to.to_path_buf(), |rest| Path::new("..").join(rest));
        let path = self.path.join(name);
        std::os::unix::fs::symlink(to, &path).map_err(|source| FolderError::writing(path, source))
    }

    /// Removes the data of the nodes; their logs stay.
    ///
    /// # Errors
    /// [`FolderError`] names the folder that stays.
    pub fn remove_data(&self) -> Result<(), FolderError> {
        data::remove(&self.path, &self.run).map_err(|error| FolderError {
            what: "can't remove the data of the nodes of",
            path: self.path.clone(),
            source: io::Error::other(error),
        })
    }
}

/// Lists the folders in `runs` that have a `run.json`, oldest first, with their owners as far as they can be read.
///
/// # Errors
/// [`FolderError`] when `runs` can't be read; if it is not there, there are none.
pub fn found(runs: &Path) -> Result<Vec<Candidate>, FolderError> {
    owner::found(runs).map_err(|source| FolderError { what: "can't read", path: runs.to_path_buf(), source })
}

/// Lists the folders in `runs` with a readable owner, oldest first.
///
/// # Errors
/// [`FolderError`] when `runs` can't be read; if it is not there, there are none.
pub fn all(runs: &Path) -> Result<Vec<(PathBuf, Owner)>, FolderError> {
    Ok(found(runs)?.into_iter().filter_map(|found| Some((found.path, found.owner.ok()?))).collect())
}

/// Converts a title to one plain part of a path.
fn plain(title: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    // The live lab serves folders of such names only.
    title.chars().map(|character| if is_plain(character) { character } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::identity::Liveness;

    #[test]
    fn a_title_makes_one_folder_whatever_it_holds() {
        let runs = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(runs.path(), "run", "../a/b\u{1b} c.d-e_f").unwrap();
        assert_eq!(folder.path().parent().unwrap(), fs::canonicalize(runs.path()).unwrap());
        assert!(name_of(folder.path()).contains("-___a_b__c_d-e_f-r"), "{}", folder.path().display());
    }

    #[test]
    fn a_folder_is_found_again_with_its_owner() {
        let runs = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(runs.path(), "run", "healthy").unwrap();
        let found = all(runs.path()).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].1.run, *folder.run());
        assert_eq!(found[0].1.harness.liveness(), Liveness::Alive);
        assert!(all(&runs.path().join("none")).unwrap().is_empty());
    }

    #[test]
    fn a_folder_that_can_not_be_made_is_named() {
        let error = RunFolder::create(Path::new("/proc/nowhere"), "run", "x").unwrap_err().to_string();
        assert!(error.contains("/proc/nowhere"), "{error}");
    }
}
