//! The id of an entry: 1 to 255 visible ASCII characters, unique in the store.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The id of an entry, checked: 1 to 255 visible ASCII characters (`!` to `~`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntryId(String);

/// Reason why a text is no id of an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Empty text.
    #[error("an id of an entry is 1 to 255 visible ASCII characters, not empty")]
    Empty,
    /// More than [`EntryId::MAX`] characters.
    #[error("an id of an entry is 1 to 255 visible ASCII characters, not {0} bytes")]
    TooLong(usize),
    /// A space, a control character or something beyond ASCII.
    #[error("an id of an entry is 1 to 255 visible ASCII characters; the one at byte {0} is not")]
    NotVisible(usize),
}

impl EntryId {
    /// The greatest length in characters.
    // AMQP's `message_id` is a short string, whose length is one byte.
    pub const MAX: usize = 255;

    /// Checks a text.
    ///
    /// # Errors
    /// [`InvalidId`] says what an id looks like and where this one does not.
    // Visible ASCII alone: an id goes into headers, metadata and AMQP properties, none of which takes the same of
    // anything else.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidId> {
        let text = text.into();
        Self::check(text.as_bytes())?;
        Ok(Self(text))
    }

    /// Checks bytes, as they stand in a header.
    ///
    /// # Errors
    /// [`InvalidId`] says what an id looks like and where this one does not.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidId> {
        Self::check(bytes)?;
        Ok(Self(bytes.iter().map(|byte| char::from(*byte)).collect()))
    }

    fn check(bytes: &[u8]) -> Result<(), InvalidId> {
        match bytes.len() {
            0 => return Err(InvalidId::Empty),
            long if long > Self::MAX => return Err(InvalidId::TooLong(long)),
            _ => {}
        }
        match bytes.iter().position(|byte| !byte.is_ascii_graphic()) {
            Some(place) => Err(InvalidId::NotVisible(place)),
            None => Ok(()),
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for EntryId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(text)
    }
}

impl From<EntryId> for String {
    fn from(id: EntryId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_bounds_are_kept() {
        assert_eq!(EntryId::parse(""), Err(InvalidId::Empty));
        assert!(EntryId::parse("x".repeat(255)).is_ok());
        assert_eq!(EntryId::parse("x".repeat(256)), Err(InvalidId::TooLong(256)));
        assert_eq!(EntryId::parse("a b"), Err(InvalidId::NotVisible(1)));
        assert_eq!(EntryId::parse("é"), Err(InvalidId::NotVisible(0)));
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_kept_as_it_was(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(id) = EntryId::from_bytes(&bytes) {
                prop_assert_eq!(id.as_str().as_bytes(), &bytes[..]);
                prop_assert_eq!(EntryId::parse(id.as_str()), Ok(id));
            }
        }
    }
}
