//! The folder of a run: who it belongs to, and the names of the files in it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::stack::data;
use crate::stack::mark;

/// The owner of a folder; `run.json` in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The run's id.
    pub run: String,
    /// `run` or `up`.
    pub verb: String,
    /// The mark of the harness; see [`mark::mark`].
    pub harness: String,
    /// The name of the scenario, for `run`.
    pub scenario: Option<String>,
}

/// A folder that can't be made or read.
#[derive(Debug, thiserror::Error)]
#[error("{what} {path}: {source}", path = path.display())]
pub struct FolderError {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl FolderError {
    /// A file that can't be written.
    pub(super) fn writing(path: PathBuf, source: io::Error) -> Self {
        Self { what: "can't write", path, source }
    }
}

/// A file in the folder of a run whose data is to be kept.
pub const KEPT: &str = "keep";

/// The folder with the nodes' logs, in that of a run.
pub const LOGS: &str = "logs";

/// What was done by hand as a scenario, in the folder of its run.
pub const SCENARIO: &str = "scenario.toml";

/// The name of a run's folder, by which it is told from others in the same place.
#[must_use]
pub fn name_of(folder: &Path) -> String {
    folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The folder of one run.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
    run: String,
}

impl RunFolder {
    /// Makes a new folder in `runs`; its name is the time, `title`, and the run's id.
    ///
    /// # Errors
    /// [`FolderError`] names the folder and what the system says of it.
    pub fn create(runs: &Path, verb: &str, title: &str) -> Result<Self, FolderError> {
        let run = new_id();
        let time = OffsetDateTime::now_utc()
            .format(format_description!("[year][month][day]-[hour][minute][second]"))
            .unwrap_or_default();
        let path = runs.join(format!("{time}-{title}-{run}"));
        let failed =
            |source| FolderError { what: "can't make the folder of the run", path: path.clone(), source };
        fs::create_dir_all(&path).map_err(failed)?;
        // Absolute, since nodes have working directories of their own.
        let path = fs::canonicalize(&path).map_err(failed)?;
        let folder = Self { path, run };
        let scenario = (verb == "run").then(|| title.to_owned());
        folder.write_json(
            "run.json",
            &Owner { run: folder.run.clone(), verb: verb.to_owned(), harness: mark::mark(), scenario },
        )?;
        Ok(folder)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The run's id: eight characters, unique enough among the runs that share a machine or a store.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Marks the data of the nodes as kept, for [`heal`] too.
    ///
    /// # Errors
    /// [`FolderError`] names the file.
    pub fn keep_data(&self) -> Result<(), FolderError> {
        let path = self.path.join(KEPT);
        let told = "the data of this run's nodes is kept: it was asked for with --keep\n";
        fs::write(&path, told).map_err(|source| FolderError { what: "can't write", path, source })
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

    /// Makes a name in it stand for something elsewhere; beside it by a relative path, so that both can be moved.
    ///
    /// # Errors
    /// [`FolderError`] names the file.
    pub fn link(&self, name: &str, to: &Path) -> Result<(), FolderError> {
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
        remove_data(&self.path, &self.run)
    }
}

/// Removes the data of the nodes of a run; their logs stay.
///
/// # Errors
/// [`FolderError`] names the run's folder.
pub fn remove_data(folder: &Path, run: &str) -> Result<(), FolderError> {
    data::remove(folder, run).map_err(|source| FolderError {
        what: "can't remove the data of the nodes of",
        path: folder.to_path_buf(),
        source,
    })
}

/// The folders in `runs` with their owners, oldest first; folders that are none of a run are passed over.
///
/// # Errors
/// [`FolderError`] when `runs` can't be read; if it is not there, there are none.
pub fn all(runs: &Path) -> Result<Vec<(PathBuf, Owner)>, FolderError> {
    let entries = match fs::read_dir(runs) {
        Ok(entries) => entries,
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(FolderError { what: "can't read", path: runs.to_path_buf(), source }),
    };
    let owner = |path: &Path| serde_json::from_slice(&fs::read(path.join("run.json")).ok()?).ok();
    let mut found: Vec<(PathBuf, Owner)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let owner = owner(&path)?;
            Some((path, owner))
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

fn new_id() -> String {
    let id = uuid::Uuid::new_v4().simple().to_string();
    format!("r{}", &id[..7])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_found_again_with_its_owner() {
        let runs = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(runs.path(), "run", "healthy").unwrap();
        let found = all(runs.path()).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].1.run, folder.run());
        assert!(mark::is_alive(&found[0].1.harness));
        assert!(all(&runs.path().join("none")).unwrap().is_empty());
    }

    #[test]
    fn a_folder_that_can_not_be_made_is_named() {
        let told = RunFolder::create(Path::new("/proc/nowhere"), "run", "x").unwrap_err().to_string();
        assert!(told.contains("/proc/nowhere"), "{told}");
    }
}
