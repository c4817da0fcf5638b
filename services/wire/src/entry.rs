//! Log entries: as a client asks for them and as they are stored, with the limits that both keep.

use serde::{Deserialize, Serialize};

use crate::id::EntryId;

/// The greatest length of a name, in bytes.
pub const MAX_NAME: usize = 1024;

/// The greatest length of the data, in bytes; a message of RabbitMQ and a document of MongoDB hold it.
pub const MAX_DATA: usize = 1024 * 1024;

/// The greatest size of a JSON body with one entry, in bytes, whoever wrote it.
// JSON may write one byte as six (`\u0001`); the rest is for ids, moments and the words around them.
pub const MAX_JSON: usize = 6 * (MAX_NAME + MAX_DATA) + 4096;

/// The greatest number of entries in one `LogBatch` call; the logger may be set to take fewer.
pub const MAX_BATCH: usize = 1000;

/// The greatest size of a `LogBatch` call in bytes, as encoded; beyond gRPC's default of 4 MiB, so both ends
/// must be set to it.
pub const MAX_BATCH_BYTES: usize = 16 * 1024 * 1024;

/// The ways by which an entry can reach the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Via {
    /// Broker to logger by JSON over HTTP.
    #[serde(rename = "log-json")]
    Json,
    /// Broker to logger by gRPC.
    #[serde(rename = "log-grpc")]
    Grpc,
    /// Broker to RabbitMQ, listener, logger.
    #[serde(rename = "log-amqp")]
    Amqp,
}

impl Via {
    /// The name of the path, as it stands in the store and in every report.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "log-json",
            Self::Grpc => "log-grpc",
            Self::Amqp => "log-amqp",
        }
    }

    /// The path of that name; `None` where there is none.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Json, Self::Grpc, Self::Amqp].into_iter().find(|via| via.as_str() == name)
    }
}

/// Severity of an entry; decides the routing key of its message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Severity {
    /// Routing key `log.INFO`.
    #[default]
    #[serde(rename = "INFO")]
    Info,
    /// Routing key `log.WARNING`.
    #[serde(rename = "WARNING")]
    Warning,
    /// Routing key `log.ERROR`.
    #[serde(rename = "ERROR")]
    Error,
}

impl Severity {
    /// The routing key on the exchange `logs_topic`.
    #[must_use]
    pub fn routing_key(self) -> &'static str {
        match self {
            Self::Info => "log.INFO",
            Self::Warning => "log.WARNING",
            Self::Error => "log.ERROR",
        }
    }
}

/// Body of a request to `/grpc-logger` and `/json-logger`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewEntry {
    /// Subject of the entry; 1 to [`MAX_NAME`] bytes.
    pub name: String,
    /// Content of the entry; 1 to [`MAX_DATA`] bytes.
    pub data: String,
}

/// Body of a request to `/rabbitmq-logger`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
// Unknown fields are refused: with a misspelt `severity` the entry would silently be INFO.
#[serde(deny_unknown_fields)]
pub struct NewEvent {
    /// Subject of the entry; 1 to [`MAX_NAME`] bytes.
    pub name: String,
    /// Content of the entry; 1 to [`MAX_DATA`] bytes.
    pub data: String,
    /// INFO when absent.
    #[serde(default)]
    pub severity: Severity,
}

/// Body of a request to the logger's `/log`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogBody {
    /// Made by the logger when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<EntryId>,
    /// Subject of the entry; 1 to [`MAX_NAME`] bytes.
    pub name: String,
    /// Content of the entry; 1 to [`MAX_DATA`] bytes.
    pub data: String,
}

/// An entry as it is in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredEntry {
    /// Unique in the store.
    pub id: String,
    /// Subject of the entry.
    pub name: String,
    /// Content of the entry.
    pub data: String,
    /// Moment at which the logger took it: RFC 3339, UTC.
    pub created_at: String,
    /// The path that it came by; absent where an implementation does not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
}

/// An entry that RabbitMQ has taken and the store will have later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedEntry {
    /// Unique in the store.
    pub id: String,
    /// Subject of the entry.
    pub name: String,
    /// Content of the entry.
    pub data: String,
}

/// Reason why an entry can't be stored as it is; each names the field and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEntry {
    /// A field with nothing in it.
    #[error("\"{0}\" is empty; give it at least one character")]
    Empty(&'static str),
    /// A field beyond its limit.
    #[error("\"{field}\" has {length} bytes; at most {limit} are stored")]
    TooLong {
        /// Name of the field.
        field: &'static str,
        /// Length in bytes.
        length: usize,
        /// The greatest length in bytes.
        limit: usize,
    },
    /// A NUL character, which not every store keeps.
    #[error("\"{field}\" has a NUL character at byte {place}; leave it out")]
    Nul {
        /// Name of the field.
        field: &'static str,
        /// Place in bytes from the start.
        place: usize,
    },
}

/// Checks that an entry can be stored: not empty, within its limits, no NUL.
///
/// # Errors
/// [`InvalidEntry`] names the first field that can't be stored and what would be right.
pub fn check(name: &str, data: &str) -> Result<(), InvalidEntry> {
    check_field("name", name, MAX_NAME)?;
    check_field("data", data, MAX_DATA)
}

fn check_field(field: &'static str, text: &str, limit: usize) -> Result<(), InvalidEntry> {
    if text.is_empty() {
        return Err(InvalidEntry::Empty(field));
    }
    // In bytes, not characters: bytes are what the limits of AMQP, gRPC and the store count.
    let length = text.len();
    if length > limit {
        return Err(InvalidEntry::TooLong { field, length, limit });
    }
    match text.bytes().position(|byte| byte == 0) {
        Some(place) => Err(InvalidEntry::Nul { field, place }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_refusal_names_its_field() {
        assert_eq!(check("", "x"), Err(InvalidEntry::Empty("name")));
        assert_eq!(check("x", ""), Err(InvalidEntry::Empty("data")));
        assert!(matches!(
            check(&"n".repeat(MAX_NAME + 1), "x"),
            Err(InvalidEntry::TooLong { field: "name", .. })
        ));
        assert_eq!(check("x", "a\0"), Err(InvalidEntry::Nul { field: "data", place: 1 }));
    }

    #[test]
    fn unknown_fields_are_refused() {
        assert!(serde_json::from_str::<NewEntry>(r#"{"name":"a","data":"b","x":1}"#).is_err());
        assert!(serde_json::from_str::<NewEntry>(r#"{"name":"a","data":"b"}"#).is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_decode_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = serde_json::from_slice::<NewEntry>(&bytes);
            let _ = serde_json::from_slice::<NewEvent>(&bytes);
            let _ = serde_json::from_slice::<LogBody>(&bytes);
        }

        #[test]
        fn an_entry_that_passes_the_check_survives_json(name in "\\PC{1,40}", data in any::<String>()) {
            if check(&name, &data).is_ok() {
                let entry = NewEntry { name, data };
                let text = serde_json::to_vec(&entry).unwrap();
                prop_assert_eq!(serde_json::from_slice::<NewEntry>(&text).unwrap(), entry);
            }
        }
    }
}
