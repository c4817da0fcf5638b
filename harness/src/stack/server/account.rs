//! The account that a server runs as: PostgreSQL refuses to run as root.

use std::path::Path;

use nix::unistd::{Gid, Uid, User, chown, geteuid};

use super::ServerError;

/// An account of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

impl Account {
    /// For a server that refuses root: none if this user is not root, else the first of `names` that
    /// exists, else `nobody`.
    #[must_use]
    pub fn instead_of_root(names: &[&str]) -> Option<Self> {
        if !geteuid().is_root() {
            return None;
        }
        let found = names.iter().chain(&["nobody"]).find_map(|name| User::from_name(name).ok()?);
        Some(found.map_or(Self { uid: 65_534, gid: 65_534 }, |user| Self {
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
        }))
    }

    /// Gives a folder to the account.
    ///
    /// # Errors
    /// [`ServerError::File`] names the folder.
    pub fn own(self, folder: &Path) -> Result<(), ServerError> {
        chown(folder, Some(Uid::from_raw(self.uid)), Some(Gid::from_raw(self.gid))).map_err(|errno| {
            ServerError::File {
                what: format!("can't give {} to another account", folder.display()),
                source: errno.into(),
            }
        })
    }
}
