//! The id of a run. Folders, processes and containers are named after it, so nothing else passes for one: a file that
//! came from elsewhere must not be able to name a path.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::printable::excerpt;

/// Digits of an id after the letter.
// 28 bits: of a hundred runs, two have the same id in one case of 50,000.
const DIGITS: usize = 7;

/// Id of a run: `r` and seven hexadecimal digits, unique enough among the runs that share a machine or a store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
// Paths and names in a container engine are built from it. A text of another shape, from a file of somebody else,
// could name any folder of this machine.
pub struct RunId(String);

/// A text that is no id of a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("run id: expected r and {DIGITS} hexadecimal digits, found {}", excerpt(.0))]
pub struct RunIdError(String);

impl RunId {
    /// A new id.
    #[must_use]
    pub fn random() -> Self {
        let digits = uuid::Uuid::new_v4().simple().to_string();
        Self(format!("r{}", &digits[..DIGITS]))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RunId {
    type Err = RunIdError;

    fn from_str(text: &str) -> Result<Self, RunIdError> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for RunId {
    type Error = RunIdError;

    fn try_from(text: String) -> Result<Self, RunIdError> {
        // In lower case alone, since folders, labels and environments are compared as text.
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let digits = text.strip_prefix('r').map(str::as_bytes);
        if digits.is_some_and(|digits| digits.len() == DIGITS && digits.iter().copied().all(is_digit)) {
            Ok(Self(text))
        } else {
            Err(RunIdError(text))
        }
    }
}

impl From<RunId> for String {
    fn from(run: RunId) -> Self {
        run.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_new_id_is_read_back_and_other_texts_are_refused() {
        let run = RunId::random();
        assert_eq!(run.as_str().parse(), Ok(run.clone()));
        assert_eq!(serde_json::from_str::<RunId>(&serde_json::to_string(&run).unwrap()).unwrap(), run);
        for text in
            ["", "r", "r123456", "r12345678", "rABCDEF0", "x1234567", "r12345é", "ports-0/../x", "r123456/"]
        {
            assert!(text.parse::<RunId>().is_err(), "{text}");
        }
        let told = "../\u{1b}[2J".parse::<RunId>().unwrap_err().to_string();
        assert_eq!(told, r#"run id: expected r and 7 hexadecimal digits, found "../\u{1b}[2J""#);
    }

    proptest! {
        #[test]
        fn whatever_is_taken_is_one_plain_part_of_a_path(text in ".{0,12}|r[0-9a-f]{6,8}") {
            if let Ok(run) = text.parse::<RunId>() {
                let parts: Vec<_> = Path::new(run.as_str()).components().collect();
                prop_assert!(matches!(parts[..], [Component::Normal(_)]));
            }
        }
    }
}
