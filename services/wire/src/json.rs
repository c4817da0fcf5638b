//! JSON objects, as they come from outside.

use serde::de::{DeserializeOwned, Error};

/// Reads a JSON object, and nothing but one: serde would also take a list of a struct's values in their order.
///
/// # Errors
/// What is wrong with the JSON, and where.
pub fn object<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    // First, so that a mistake in the JSON is reported with its place.
    let value = serde_json::from_slice(bytes)?;
    if bytes.trim_ascii_start().starts_with(b"{") {
        Ok(value)
    } else {
        Err(Error::custom("a list, expected an object at its beginning"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::NewEntry;

    #[test]
    fn a_list_of_the_right_values_is_no_object() {
        assert!(object::<NewEntry>(b" \r\n{\"name\":\"n\",\"data\":\"d\"}").is_ok());
        for list in [&b"[\"n\",\"d\"]"[..], b" [\"n\",\"d\"]"] {
            assert!(object::<NewEntry>(list).unwrap_err().to_string().contains("expected an object"));
        }
    }
}
