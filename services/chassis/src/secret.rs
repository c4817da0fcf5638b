//! A setting that no log may show: a URL with a password in it.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// A text that `Debug` and `Display` hide.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

// A type instead of care: settings are printed whole by their Debug, in logs and in messages of tests.
impl Secret {
    /// The text itself, for the client library that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hidden")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hidden")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_expose_shows_it() {
        let secret: Secret = "postgres://u:p@h/d".parse().unwrap();
        assert_eq!(format!("{secret} {secret:?}"), "hidden hidden");
        assert_eq!(secret.expose(), "postgres://u:p@h/d");
    }
}
