//! The name of a node. Its folder and its log are named after it, so it is one plain part of a path.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::printable::excerpt;

/// Largest length of a name, in bytes.
// In compose a node is reached by it, and a part of a host name has at most 63 bytes (RFC 1035).
const LONGEST: usize = 63;

/// Name of a node, as compose takes it for a service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
// Folders, host names and proxies are named after it, so that it accepts only what is harmless in all of them.
pub struct NodeName(String);

/// A text that is no name of a node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "node name: expected at most {LONGEST} letters, digits, '.', '_' and '-', beginning with a letter or digit, \
     found {}",
    excerpt(.0)
)]
pub struct NodeNameError(String);

/// Checks that a name is one plain word: at most 63 letters, digits, '.', '_' and '-', beginning with a letter or digit.
pub(super) fn is_plain(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let begins_well = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    begins_well && name.len() <= LONGEST && name.bytes().all(is_allowed)
}

impl NodeName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NodeName {
    type Err = NodeNameError;

    fn from_str(text: &str) -> Result<Self, NodeNameError> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for NodeName {
    type Error = NodeNameError;

    fn try_from(text: String) -> Result<Self, NodeNameError> {
        if is_plain(&text) { Ok(Self(text)) } else { Err(NodeNameError(text)) }
    }
}

impl From<NodeName> for String {
    fn from(name: NodeName) -> Self {
        name.0
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `pad` keeps the width of a format, for columns; `write_str` would ignore it.
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_services_are_taken_and_paths_are_not() {
        for text in ["broker", "listener-2", "a.b_c", "0"] {
            assert_eq!(text.parse::<NodeName>().unwrap().as_str(), text);
        }
        for text in ["", ".", "..", "-x", "a/b", "../x", "a\0", "a b", "ä", "x\n", &"x".repeat(64)] {
            assert!(text.parse::<NodeName>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_taken_is_one_plain_part_of_a_path(text in "[a./_-]{0,6}|.{0,8}") {
            if let Ok(name) = text.parse::<NodeName>() {
                let parts: Vec<_> = Path::new(name.as_str()).components().collect();
                prop_assert!(matches!(parts[..], [Component::Normal(_)]));
            }
        }
    }
}
