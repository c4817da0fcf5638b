//! Where the data of nodes is: in the folder of the run, or where other accounts can reach it.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use nix::unistd::geteuid;

/// The folder that holds a folder for each node of a run.
///
/// Root starts PostgreSQL as another user, which can't reach a folder below one that is closed to others
/// (a home, mostly). Then the data goes to a folder for temporary files, named after the run.
#[must_use]
pub fn folder(run_folder: &Path, run: &str) -> PathBuf {
    if !geteuid().is_root() || is_open(run_folder) { inside(run_folder) } else { elsewhere(run) }
}

/// Removes the data of a run, wherever it is; none at all is right too.
///
/// # Errors
/// What the system says of the first folder that stays.
pub fn remove(run_folder: &Path, run: &str) -> io::Result<()> {
    for folder in [inside(run_folder), elsewhere(run)] {
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn inside(run_folder: &Path) -> PathBuf {
    run_folder.join("nodes")
}

fn elsewhere(run: &str) -> PathBuf {
    std::env::temp_dir().join(format!("faultline-{run}"))
}

/// Whether every folder on the way may be entered by everybody.
fn is_open(path: &Path) -> bool {
    path.ancestors().all(|folder| fs::metadata(folder).is_ok_and(|meta| meta.mode() & 0o001 != 0))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

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
}
