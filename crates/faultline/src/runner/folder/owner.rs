//! The owner of a run's folder, read from its `run.json` and checked. A folder may have come from elsewhere: out of a
//! repository, from an archive of another machine, or by another user.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use serde::{Deserialize, Serialize};

use crate::stack::mark::Mark;
use crate::stack::plain_file;
use crate::stack::printable::{excerpt, printable};
use crate::stack::run_id::RunId;

/// Name of the file in the folder of a run.
pub(super) const FILE: &str = "run.json";

/// The longest file that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Owner of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Id of the run.
    pub run: RunId,
    /// `run`, `up`, `load` or `capacity`.
    pub verb: String,
    /// Mark of the lab.
    #[serde(flatten)]
    pub harness: Mark,
    /// Name of the scenario, for `run`.
    pub scenario: Option<String>,
}

/// A folder that can't be taken for that of a run of this user.
#[derive(Debug, thiserror::Error)]
pub enum OwnerError {
    /// A file that can't be read.
    #[error("{FILE}: {}", printable(&.0.to_string()))]
    Unread(#[source] io::Error),
    /// A file with other content.
    #[error("{FILE}: {}", printable(&.0.to_string()))]
    Unreadable(#[source] serde_json::Error),
    /// A folder under another name.
    #[error("name of the folder: expected the end -{run}, as its {FILE} says, found {}", excerpt(.found))]
    Name {
        /// The run in the file.
        run: RunId,
        /// Name of the folder.
        found: String,
    },
    /// A link in place of a folder.
    #[error("expected a folder, found a link")]
    Link,
    /// A folder or file of another user.
    #[error(
        "{what}: expected user id {user} and no write permission for everybody, found user id {found}, mode {mode:03o}"
    )]
    User {
        /// Folder or file.
        what: &'static str,
        /// Id of this user.
        user: u32,
        /// Id of the owner.
        found: u32,
        /// Permissions of the folder or file.
        mode: u32,
    },
}

impl Owner {
    /// Reads the owner of a folder; none of a folder that is no run's.
    ///
    /// # Errors
    /// [`OwnerError`] when the file can't be read.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, OwnerError> {
        // A plain file of limited length: the folder may be hostile, and hold a link or a device.
        match plain_file::read(&folder.join(FILE), LONGEST) {
            Ok(text) => serde_json::from_str(&text).map(Some).map_err(OwnerError::Unreadable),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(None)
            }
            Err(error) => Err(OwnerError::Unread(error)),
        }
    }

    /// Checks that a folder is the one that this user's lab made for the run.
    ///
    /// # Errors
    /// [`OwnerError`] with the expected and the found value.
    pub fn check(&self, folder: &Path) -> Result<(), OwnerError> {
        // Not `metadata`, which follows a link.
        let meta = fs::symlink_metadata(folder).map_err(OwnerError::Unread)?;
        if !meta.is_dir() {
            return Err(OwnerError::Link);
        }
        // Another user could have put a foreign run id into it, and `heal` would remove what that names.
        check_user("folder", &meta)?;
        check_user(FILE, &fs::symlink_metadata(folder.join(FILE)).map_err(OwnerError::Unread)?)?;
        let found = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // A run.json that was copied into another folder must not make that one removable.
        if found.ends_with(&format!("-{}", self.run)) {
            Ok(())
        } else {
            Err(OwnerError::Name { run: self.run.clone(), found })
        }
    }
}

fn check_user(what: &'static str, meta: &fs::Metadata) -> Result<(), OwnerError> {
    let (user, found, mode) = (geteuid().as_raw(), meta.uid(), meta.mode() & 0o777);
    // A group that may write is usual where each user has a group of their own.
    if found == user && mode & 0o002 == 0 {
        Ok(())
    } else {
        Err(OwnerError::User { what, user, found, mode })
    }
}

/// A folder that has a `run.json`.
#[derive(Debug)]
pub struct Candidate {
    /// Path of the folder.
    pub path: PathBuf,
    /// Owner, or the error of a file that can't be read.
    pub owner: Result<Owner, OwnerError>,
}

/// Lists the folders in `runs` that have a `run.json`, oldest first.
pub(super) fn found(runs: &Path) -> io::Result<Vec<Candidate>> {
    let entries = match fs::read_dir(runs) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found: Vec<Candidate> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let owner = Owner::read(&path).transpose()?;
            Some(Candidate { path, owner })
        })
        .collect();
    // Names begin with the time, so this is the order of their age.
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::super::RunFolder;
    use super::*;

    /// A folder with the text of a `run.json`.
    fn folder(runs: &Path, name: &str, text: &str) -> PathBuf {
        let path = runs.join(name);
        fs::create_dir(&path).unwrap();
        fs::write(path.join(FILE), text).unwrap();
        path
    }

    #[test]
    fn a_folder_of_this_lab_is_believed() {
        let runs = tempfile::tempdir().unwrap();
        let made = RunFolder::create(runs.path(), "run", "healthy").unwrap();
        let owner = Owner::read(made.path()).unwrap().unwrap();
        assert_eq!((&owner.run, owner.harness), (made.run(), Mark::of_this_harness()));
        owner.check(made.path()).unwrap();
    }

    #[test]
    fn a_folder_of_an_earlier_lab_is_read() {
        let runs = tempfile::tempdir().unwrap();
        let text = r#"{"run":"r0a1b2c3","verb":"run","harness":"4711:9","scenario":"healthy"}"#;
        let path = folder(runs.path(), "20261128-101112-healthy-r0a1b2c3", text);
        let owner = Owner::read(&path).unwrap().unwrap();
        owner.check(&path).unwrap();
        assert_eq!(owner.run.as_str(), "r0a1b2c3");
        assert_eq!(owner.harness, Mark::read("4711:9", None).unwrap());
    }

    #[test]
    fn other_content_is_reported_and_one_such_folder_hides_no_other() {
        let runs = tempfile::tempdir().unwrap();
        RunFolder::create(runs.path(), "run", "healthy").unwrap();
        for (name, text, expected) in [
            (
                "a",
                r#"{"run":"ports-0/../x","verb":"run","harness":"1:1","scenario":null}"#,
                "run id: expected",
            ),
            ("b", r#"{"run":"r0a1b2c3","verb":"run","harness":"-1:1","scenario":null}"#, "mark of a harness"),
            (
                "c",
                r#"{"run":"r0a1b2c3","verb":"run","harness":"1:1","namespace":"\u001b[2J","scenario":null}"#,
                "namespace: expected",
            ),
            ("d", "{", "EOF"),
        ] {
            let path = folder(runs.path(), name, text);
            let error = Owner::read(&path).unwrap_err().to_string();
            assert!(error.contains(expected) && !error.chars().any(char::is_control), "{name}: {error}");
        }
        fs::create_dir(runs.path().join("none")).unwrap();
        fs::write(runs.path().join("file"), "").unwrap();
        let found = found(runs.path()).unwrap();
        assert_eq!((found.len(), found.iter().filter(|found| found.owner.is_ok()).count()), (5, 1));
        assert!(super::found(&runs.path().join("none/at all")).unwrap().is_empty());
    }

    #[test]
    fn a_folder_of_another_name_and_a_link_and_one_open_to_all_are_not_believed() {
        let runs = tempfile::tempdir().unwrap();
        let made = RunFolder::create(runs.path(), "run", "healthy").unwrap();
        let owner = Owner::read(made.path()).unwrap().unwrap();
        let error = |path: &Path| owner.check(path).unwrap_err().to_string();
        let link = runs.path().join(format!("link-{}", made.run()));
        symlink(made.path(), &link).unwrap();
        assert_eq!(error(&link), "expected a folder, found a link");
        fs::set_permissions(made.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(error(made.path()).contains("mode 777"), "{}", error(made.path()));
        fs::set_permissions(made.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let renamed = runs.path().join("renamed");
        fs::rename(made.path(), &renamed).unwrap();
        assert!(error(&renamed).contains(r#"found "renamed""#), "{}", error(&renamed));
    }
}
