//! Credentials that a client sends, and the user that the answer tells.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The greatest length of an email address, in bytes (RFC 5321 allows no longer path).
pub const MAX_EMAIL: usize = 254;

/// The greatest length of a password that is looked at, in bytes.
// bcrypt looks at 72 bytes: a longer password is wrong like any other, in the same time.
pub const MAX_PASSWORD: usize = 1024;

/// Body of a request to `/authentication`. Its `Debug` shows neither field: requests end up in logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// Compared without case.
    pub email: String,
    /// Password as typed; 1 to [`MAX_PASSWORD`] bytes.
    pub password: String,
}

/// A user, as the answer tells it; never the hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The number in the table.
    pub id: i64,
    /// Address as it was registered.
    pub email: String,
    /// Empty where unknown.
    #[serde(default)]
    pub first_name: String,
    /// Empty where unknown.
    #[serde(default)]
    pub last_name: String,
    /// Moment of the registration: RFC 3339, UTC.
    #[serde(default)]
    pub created_at: String,
}

/// Reason why credentials can't be anybody's; each names the field and what would be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCredentials {
    /// A field with nothing in it.
    #[error("\"{0}\" is empty")]
    Empty(&'static str),
    /// A field beyond its limit.
    #[error("\"{field}\" has {length} bytes; at most {limit} are taken")]
    TooLong {
        /// Name of the field.
        field: &'static str,
        /// Length in bytes.
        length: usize,
        /// The greatest length in bytes.
        limit: usize,
    },
    /// No address.
    #[error("\"email\" is no address: it must look like name@example.com, without spaces")]
    NoAddress,
}

impl Credentials {
    /// Checks that these could be somebody's.
    ///
    /// # Errors
    /// [`InvalidCredentials`] names the first field that can't be and what would be right. It never repeats
    /// what was given.
    pub fn check(&self) -> Result<(), InvalidCredentials> {
        check_length("email", &self.email, MAX_EMAIL)?;
        check_length("password", &self.password, MAX_PASSWORD)?;
        if is_address(&self.email) { Ok(()) } else { Err(InvalidCredentials::NoAddress) }
    }
}

fn check_length(field: &'static str, text: &str, limit: usize) -> Result<(), InvalidCredentials> {
    match text.len() {
        0 => Err(InvalidCredentials::Empty(field)),
        length if length > limit => Err(InvalidCredentials::TooLong { field, length, limit }),
        _ => Ok(()),
    }
}

/// Reports whether a text has the shape of an address.
// Only its mail server knows if it is one; this keeps out what no table can hold (control characters, NUL among them)
// and what is surely a mistake.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain = |c: char| !c.is_whitespace() && !c.is_control();
    // A domain needs no dot: `admin@localhost` is an address within a network.
    !local.is_empty()
        && !domain.is_empty()
        && !local.contains('@')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !domain.contains("..")
        && text.chars().all(plain)
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials { email: hidden, password: hidden }")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(email: &str, password: &str) -> Result<(), InvalidCredentials> {
        Credentials { email: email.to_owned(), password: password.to_owned() }.check()
    }

    #[test]
    fn what_could_be_somebodys_passes() {
        assert_eq!(check("admin@example.com", "password123"), Ok(()));
        assert_eq!(check("Admin+tag@EXAMPLE.com", " spaces are fine "), Ok(()));
        assert_eq!(check("root@localhost", "x"), Ok(()));
    }

    #[test]
    fn what_is_surely_a_mistake_does_not() {
        assert_eq!(check("", "x"), Err(InvalidCredentials::Empty("email")));
        assert_eq!(check("a@b", ""), Err(InvalidCredentials::Empty("password")));
        for email in ["admin", "@b.c", "a@", "a@@b", "a b@c", "a@b\0", "a@.b", "a@b.", "a@b..c", "a@b\n"] {
            assert_eq!(check(email, "x"), Err(InvalidCredentials::NoAddress), "{email:?}");
        }
        let long = "p".repeat(MAX_PASSWORD + 1);
        assert!(matches!(check("a@b", &long), Err(InvalidCredentials::TooLong { .. })));
    }

    #[test]
    fn debug_shows_no_secret() {
        let told = format!("{:?}", Credentials { email: "a@b".to_owned(), password: "hunter2".to_owned() });
        assert!(!told.contains("hunter2") && !told.contains("a@b"), "{told}");
    }

    proptest! {
        #[test]
        fn what_passes_holds_no_control_character(email in any::<String>(), password in any::<String>()) {
            if check(&email, &password).is_ok() {
                prop_assert!(!email.chars().any(char::is_control));
            }
        }

        #[test]
        fn any_bytes_decode_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = serde_json::from_slice::<Credentials>(&bytes);
            let _ = serde_json::from_slice::<User>(&bytes);
        }
    }
}
