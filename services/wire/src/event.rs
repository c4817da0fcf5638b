//! The message that goes through RabbitMQ: exchange, queue, keys, and the JSON of its body.

use serde::{Deserialize, Serialize};

use crate::entry::{InvalidEntry, check};
use crate::json;

/// The topic exchange, durable.
pub const EXCHANGE: &str = "logs_topic";

/// The queue that the listeners share: durable, quorum.
pub const QUEUE: &str = "logs";

/// The binding key of [`QUEUE`].
// `*` stands for exactly one word: a key of more words finds no queue, and RabbitMQ returns its message.
pub const BINDING: &str = "log.*";

/// Queue of messages that can't be read: durable, quorum, reached through the default exchange.
pub const DEAD_QUEUE: &str = "logs.dead";

/// Content type of every message.
pub const CONTENT_TYPE: &str = "application/json";

/// The body as it is on the wire.
// Unknown fields are passed over, since other publishers may add some.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct EventBody {
    #[serde(rename = "type", default = "log_kind")]
    kind: String,
    name: String,
    data: String,
}

fn log_kind() -> String {
    "log".to_owned()
}

/// A message that could be read, by its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Type `log`, or none: an entry for the logger.
    Log {
        /// Subject of the entry.
        name: String,
        /// Content of the entry.
        data: String,
    },
}

/// Reason why a message can't be read; its dead letter carries it.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableEvent {
    /// Not the JSON that was expected.
    #[error("not a JSON event {{\"type\", \"name\", \"data\"}}: {0}")]
    Json(#[from] serde_json::Error),
    /// A type that no service is known for.
    #[error("unknown type \"{0}\"; known is \"log\"")]
    UnknownType(String),
    /// JSON, but nothing that could be stored.
    #[error("an entry that can't be stored: {0}")]
    Entry(#[from] InvalidEntry),
}

impl Event {
    /// Reads the body of a message.
    ///
    /// # Errors
    /// [`UnreadableEvent`] is the reason that goes with it to the dead letters.
    pub fn decode(body: &[u8]) -> Result<Self, UnreadableEvent> {
        let body: EventBody = json::object(body)?;
        match body.kind.as_str() {
            "log" => {
                check(&body.name, &body.data)?;
                Ok(Self::Log { name: body.name, data: body.data })
            }
            // Bounded: the reason goes into a header of the dead letter.
            _ => Err(UnreadableEvent::UnknownType(body.kind.chars().take(64).collect())),
        }
    }

    /// Writes the body of a `log` message.
    #[must_use]
    pub fn encode_log(name: &str, data: &str) -> Vec<u8> {
        // Borrowed, so that an entry of a megabyte is not copied before it is written.
        #[derive(Serialize)]
        struct Borrowed<'a> {
            #[serde(rename = "type")]
            kind: &'static str,
            name: &'a str,
            data: &'a str,
        }
        let body = Borrowed { kind: "log", name, data };
        // The default never comes: strings can always be written as JSON.
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_absent_type_means_log_and_an_unknown_one_is_named() {
        assert!(Event::decode(br#"{"name":"a","data":"b"}"#).is_ok());
        let error = Event::decode(br#"{"type":"mail","name":"a","data":"b"}"#).unwrap_err();
        assert!(error.to_string().contains("\"mail\""), "{error}");
    }

    proptest! {
        #[test]
        fn what_is_published_can_be_read(name in "[^\\x00]{1,50}", data in "[^\\x00]{1,200}") {
            let read = Event::decode(&Event::encode_log(&name, &data)).unwrap();
            prop_assert_eq!(read, Event::Log { name, data });
        }

        #[test]
        fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(Event::Log { name, data }) = Event::decode(&body) {
                prop_assert!(check(&name, &data).is_ok());
            }
        }
    }
}
