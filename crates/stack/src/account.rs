//! The account that a server runs as: PostgreSQL refuses to run as root.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::errno::Errno;
use nix::unistd::{Gid, Uid, User, chown, geteuid};

/// An account that can't use a folder.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}")]
pub struct AccountError {
    pub(crate) what: String,
    pub(crate) source: io::Error,
}

/// An account of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

impl Account {
    /// Finds an account for a server that refuses root: none if this user is not root, else the first of `names` that
    /// exists, else `nobody`.
    #[must_use]
    // PostgreSQL refuses to run as root, and CI jobs in containers often run as root.
    pub fn instead_of_root(names: &[&str]) -> Option<Self> {
        if !geteuid().is_root() {
            return None;
        }
        let found = names.iter().chain(&["nobody"]).find_map(|name| User::from_name(name).ok()?);
        // The numbers of `nobody` on Linux, for a machine whose list of users lacks the name.
        Some(found.map_or(Self { uid: 65_534, gid: 65_534 }, |user| Self {
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
        }))
    }

    /// Gives a folder to the account.
    ///
    /// # Errors
    /// [`AccountError`] names the folder.
    pub fn own(self, folder: &Path) -> Result<(), AccountError> {
        chown(folder, Some(Uid::from_raw(self.uid)), Some(Gid::from_raw(self.gid))).map_err(|errno| {
            AccountError {
                what: format!("can't give {} to another account", folder.display()),
                source: errno.into(),
            }
        })
    }

    /// Makes sure that the account can enter every folder on the way to one.
    ///
    /// # Errors
    /// [`AccountError`] names the first that is closed to it.
    pub fn check_way(self, folder: &Path) -> Result<(), AccountError> {
        let closed = |folder: &&Path| folder.metadata().is_ok_and(|meta| !self.may_enter(&meta));
        // From the inside out, so that the last one is the first that the account meets on its way.
        let Some(closed) = folder.ancestors().filter(closed).last() else { return Ok(()) };
        let what = format!(
            "{} is closed to user id {}, which needs {}; put the run folder elsewhere with --runs",
            closed.display(),
            self.uid,
            folder.display()
        );
        Err(AccountError { what, source: Errno::EACCES.into() })
    }

    fn may_enter(self, folder: &Metadata) -> bool {
        // As the kernel decides: the first class that fits counts alone. Other groups do not matter, since
        // Command drops root's when it changes the user.
        let bit = match (folder.uid() == self.uid, folder.gid() == self.gid) {
            (true, _) => 0o100,
            (false, true) => 0o010,
            (false, false) => 0o001,
        };
        folder.mode() & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_closed_folder_on_the_way_is_named() {
        let nobody = Account { uid: 65_534, gid: 65_534 };
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let told = nobody.check_way(&inner).unwrap_err().to_string();
        assert!(told.starts_with(&format!("{} is closed", folder.path().display())), "{told}");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
        nobody.check_way(&inner).unwrap();
    }
}
