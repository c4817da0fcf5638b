//! The folder with the data of a run's nodes: in the folder of the run, or where other accounts can reach it.
//!
//! It carries a mark, without which it is not removed: the name of a folder alone says nothing of who made it.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use serde::{Deserialize, Serialize};

use super::plain_file;
use super::printable::printable;
use super::run_id::RunId;
use super::topology::NodeName;

/// Name of the mark in the folder.
const MARK: &str = "faultline.json";

/// Largest size of a mark, in bytes.
// A path has at most 4096 bytes, each of which JSON may write as six, and the rest is short.
const LONGEST_MARK: u64 = 32 * 1024;

/// Content of the mark.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct DataMark {
    run: RunId,
    /// Folder of the run.
    folder: String,
}

/// Data that can't be removed.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A folder that is not the run's.
    #[error("{}: expected {expected}, found {found}", printable(&path.display().to_string()))]
    Foreign {
        /// Path of the folder.
        path: PathBuf,
        /// Property of the folder of a run.
        expected: String,
        /// Property of this folder.
        found: String,
    },
    /// A folder that stays.
    #[error("can't remove {}: {source}", printable(&path.display().to_string()))]
    Stays {
        /// Path of the folder.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
}

/// Returns the folder that holds a folder for each node of a run.
// Root starts PostgreSQL as another user, which can't reach a folder below one that is closed to others (a home,
// mostly). Then the data goes to a folder for temporary files, named after the run.
#[must_use]
pub fn folder(run_folder: &Path, run: &RunId) -> PathBuf {
    if !geteuid().is_root() || is_open(run_folder) { inside(run_folder) } else { elsewhere(run) }
}

/// The folder of one node.
#[must_use]
pub fn folder_of(run_folder: &Path, run: &RunId, node: &NodeName) -> PathBuf {
    folder(run_folder, run).join(node.as_str())
}

/// Makes the folder for the data of a run, with its mark; one that is there must be the run's.
///
/// # Errors
/// The operating system's word, or why the folder that is there can't be taken.
pub fn make(run_folder: &Path, run: &RunId) -> io::Result<()> {
    let path = folder(run_folder, run);
    // Not create_dir_all: in the folder for temporary files, somebody else may have made this one.
    match DirBuilder::new().create(&path) {
        Ok(()) => {
            let mark = DataMark { run: run.clone(), folder: run_folder.display().to_string() };
            fs::write(path.join(MARK), serde_json::to_vec(&mark)?)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            check(&path, run_folder, run).map_err(io::Error::other)
        }
        Err(error) => Err(error),
    }
}

/// Places that hold data of a run now.
#[must_use]
pub fn found(run_folder: &Path, run: &RunId) -> Vec<PathBuf> {
    // Both, since the user and the permissions by which `folder` chose may have changed after the start.
    let mut places = vec![inside(run_folder), elsewhere(run)];
    places.retain(|path| fs::symlink_metadata(path).is_ok());
    places
}

/// Removes the data of a run, wherever it is; none at all is right too. Nothing is removed that is not the run's.
///
/// # Errors
/// [`DataError`] of the first folder that stays.
// A name alone proves nothing of who made a folder: without the mark and the owner, a run.json from elsewhere could
// have any folder removed.
pub fn remove(run_folder: &Path, run: &RunId) -> Result<(), DataError> {
    for path in found(run_folder, run) {
        check(&path, run_folder, run)?;
        fs::remove_dir_all(&path).map_err(|source| DataError::Stays { path, source })?;
    }
    Ok(())
}

/// Checks that a folder is one that this user's lab made for a run.
fn check(path: &Path, run_folder: &Path, run: &RunId) -> Result<(), DataError> {
    let foreign = |expected: String, found: String| DataError::Foreign { path: path.into(), expected, found };
    let stays = |source| DataError::Stays { path: path.into(), source };
    // Of the path itself: what a link points to may well be a folder of this user.
    let meta = fs::symlink_metadata(path).map_err(stays)?;
    if !meta.is_dir() {
        return Err(foreign("a folder".to_owned(), "a file or a link".to_owned()));
    }
    let user = geteuid().as_raw();
    if meta.uid() != user {
        return Err(foreign(format!("a folder of user id {user}"), format!("one of user id {}", meta.uid())));
    }
    let expected = || format!("the mark of run {run} in {MARK}");
    let text = plain_file::read(&path.join(MARK), LONGEST_MARK);
    let text = text.map_err(|error| foreign(expected(), printable(&error.to_string())))?;
    let mark: DataMark =
        serde_json::from_str(&text).map_err(|error| foreign(expected(), printable(&error.to_string())))?;
    // The folder of a run may have been moved, with its data in it; what is elsewhere belongs to one folder.
    let is_here = path.starts_with(run_folder) || mark.folder == run_folder.display().to_string();
    if mark.run == *run && is_here {
        Ok(())
    } else {
        Err(foreign(expected(), format!("that of run {} in {}", mark.run, printable(&mark.folder))))
    }
}

fn inside(run_folder: &Path) -> PathBuf {
    run_folder.join("nodes")
}

fn elsewhere(run: &RunId) -> PathBuf {
    std::env::temp_dir().join(format!("faultline-{run}"))
}

/// Tells whether every folder of the path may be entered by everybody.
fn is_open(path: &Path) -> bool {
    path.ancestors().all(|folder| fs::metadata(folder).is_ok_and(|meta| meta.mode() & 0o001 != 0))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_closed_folder_on_the_way_is_noticed() {
        let closed = tempfile::tempdir().unwrap();
        let inner = closed.path().join("inner");
        fs::create_dir(&inner).unwrap();
        fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(!is_open(&inner));
        fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(is_open(&inner));
    }

    #[test]
    fn data_is_made_once_found_and_removed() {
        let run_folder = tempfile::tempdir().unwrap();
        let (run_folder, run) = (run_folder.path(), RunId::random());
        make(run_folder, &run).unwrap();
        make(run_folder, &run).unwrap();
        let node = folder_of(run_folder, &run, &"broker".parse().unwrap());
        fs::create_dir(&node).unwrap();
        assert_eq!(found(run_folder, &run), [node.parent().unwrap()]);
        remove(run_folder, &run).unwrap();
        assert!(found(run_folder, &run).is_empty());
        remove(run_folder, &run).unwrap();
    }

    #[test]
    fn a_moved_run_keeps_its_data_and_data_elsewhere_belongs_to_one_folder() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let run = RunId::random();
        for place in [inside(here.path()), elsewhere(&run)] {
            fs::create_dir(&place).unwrap();
            let mark = DataMark { run: run.clone(), folder: there.path().display().to_string() };
            fs::write(place.join(MARK), serde_json::to_vec(&mark).unwrap()).unwrap();
        }
        let told = remove(here.path(), &run).unwrap_err().to_string();
        assert!(!inside(here.path()).exists() && elsewhere(&run).exists(), "{told}");
        assert!(told.contains(&there.path().display().to_string()), "{told}");
        remove(there.path(), &run).unwrap();
        assert!(!elsewhere(&run).exists());
    }

    #[test]
    fn what_the_lab_did_not_make_is_left_alone() {
        let (victim, run) = (tempfile::tempdir().unwrap(), RunId::random());
        fs::write(victim.path().join("precious"), "").unwrap();
        let other = DataMark { run: RunId::random(), folder: String::new() };
        let other = serde_json::to_string(&other).unwrap();
        for (what, mark) in [
            ("no mark", None),
            ("no JSON", Some("x")),
            ("a hostile id", Some(r#"{"run":"../x","folder":""}"#)),
            ("another run's", Some(other.as_str())),
        ] {
            let run_folder = tempfile::tempdir().unwrap();
            fs::create_dir(inside(run_folder.path())).unwrap();
            if let Some(mark) = mark {
                fs::write(inside(run_folder.path()).join(MARK), mark).unwrap();
            }
            let told = remove(run_folder.path(), &run).unwrap_err().to_string();
            assert!(told.contains(&format!("expected the mark of run {run}")), "{what}: {told}");
            assert!(inside(run_folder.path()).is_dir(), "{what}");
        }
        let run_folder = tempfile::tempdir().unwrap();
        symlink(victim.path(), inside(run_folder.path())).unwrap();
        let told = remove(run_folder.path(), &run).unwrap_err().to_string();
        assert!(told.contains("expected a folder, found a file or a link"), "{told}");
        assert!(victim.path().join("precious").exists());
        assert!(make(run_folder.path(), &run).is_err() || folder(run_folder.path(), &run) == elsewhere(&run));
        let _ = remove(run_folder.path(), &run);
    }
}
