//! A message, read: an entry for the logger, or the reason why it can't be one.

use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::AMQPValue;
use wire::checksum;
use wire::entry::Via;
use wire::event::{Event, UnreadableEvent};
use wire::grpc::LogRequest;
use wire::headers::{CHECKSUM, TRACEPARENT};
use wire::id::{EntryId, InvalidId};

use crate::identity;

/// The header of a message whose properties can't be read: their bytes, or the first of them.
pub(crate) const UNREADABLE: &str = "x-faultline-unreadable";

/// The header in which quorum queues count deliveries, from the second on; and how long its value is at most, with its
/// type.
const DELIVERIES: &[u8] = b"x-delivery-count";
const NUMBER: usize = 9;

/// A delivery as it came, kept until it is acknowledged: a dead letter repeats it.
#[derive(Debug)]
pub(crate) struct Original {
    pub(crate) tag: u64,
    pub(crate) routing_key: String,
    pub(crate) properties: BasicProperties,
    pub(crate) body: Vec<u8>,
}

/// A message that could be read.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) original: Original,
    pub(crate) entry: LogRequest,
}

/// A delivery after it was looked at.
#[derive(Debug)]
pub(crate) enum Reading {
    /// An entry for the logger.
    Entry(Message),
    /// A message that can never be stored.
    Never(Original, Unreadable),
    /// A message that is not what was published, as far as can be told.
    Damaged(Original, Damage),
}

/// Sign that a message is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Damage {
    #[error("it does not match its checksum")]
    Checksum,
    #[error("its properties can't be read")]
    Properties,
}

/// Reason why a message can never be stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error(transparent)]
    Event(#[from] UnreadableEvent),
    #[error("its message_id: {0}")]
    Id(#[from] InvalidId),
}

impl From<Delivery> for Original {
    fn from(delivery: Delivery) -> Self {
        Self {
            tag: delivery.delivery_tag,
            routing_key: delivery.routing_key.to_string(),
            properties: delivery.properties,
            body: delivery.data,
        }
    }
}

impl Original {
    /// Reads it.
    pub(crate) fn read(self) -> Reading {
        // Damage first: a damaged message may still be readable, and would be stored as it is.
        if let Some(damage) = self.damage() {
            return Reading::Damaged(self, damage);
        }
        match self.entry() {
            Ok(entry) => Reading::Entry(Message { original: self, entry }),
            Err(unreadable) => Reading::Never(self, unreadable),
        }
    }

    /// Looks for damage: properties that can't be read, or a checksum that is not its own.
    // Id and body are all that an entry is made of.
    fn damage(&self) -> Option<Damage> {
        if self.header(UNREADABLE).is_some() {
            return Some(Damage::Properties);
        }
        let carried = self.header(CHECKSUM)?;
        let own = checksum::of(self.id(), &self.body);
        let matches =
            matches!(carried, AMQPValue::LongString(carried) if carried.as_bytes() == own.as_bytes());
        (!matches).then_some(Damage::Checksum)
    }

    /// Fingerprint of the message: the same when the same bytes come again.
    pub(crate) fn fingerprint(&self) -> String {
        let unreadable = self.header(UNREADABLE).and_then(AMQPValue::as_long_string);
        let unreadable = unreadable.map(|properties| uncounted(properties.as_bytes()));
        identity::derive(&self.body, &unreadable.unwrap_or_else(|| self.id().to_owned()), None)
    }

    fn header(&self, name: &str) -> Option<&AMQPValue> {
        self.properties.headers().as_ref()?.inner().get(name)
    }

    fn id(&self) -> &str {
        self.properties.message_id().as_ref().map_or("", |id| id.as_str())
    }

    fn entry(&self) -> Result<LogRequest, Unreadable> {
        let Event::Log { name, data } = Event::decode(&self.body)?;
        let id = match self.properties.message_id() {
            Some(id) if !id.as_str().is_empty() => EntryId::parse(id.as_str())?.into(),
            _ => identity::derive(&self.body, &self.routing_key, *self.properties.timestamp()),
        };
        let via = Via::Amqp.as_str().to_owned();
        Ok(LogRequest { name, data, id, via, traceparent: String::new() })
    }

    /// The `traceparent` among its headers.
    pub(crate) fn traceparent(&self) -> Option<String> {
        match self.header(TRACEPARENT)? {
            AMQPValue::LongString(text) => Some(text.to_string()),
            AMQPValue::ShortString(text) => Some(text.to_string()),
            _ => None,
        }
    }
}

/// Properties that can't be read, as text, without the number by which RabbitMQ counts the deliveries among them.
fn uncounted(properties: &[u8]) -> String {
    // Each delivery has another count: with it, the same message would never have the same bytes.
    let mut bytes = properties.to_vec();
    let place = bytes.windows(DELIVERIES.len()).position(|window| window == DELIVERIES);
    if let Some(place) = place {
        let number = bytes[place + DELIVERIES.len()..].iter_mut();
        number.take(NUMBER).for_each(|byte| *byte = 0);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Message {
    /// Size in a call, in bytes.
    pub(crate) fn size(&self) -> usize {
        // 32 bytes for `via`, and for the tags and lengths of protobuf.
        self.entry.name.len() + self.entry.data.len() + self.entry.id.len() + 32
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use lapin::types::FieldTable;
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn original(tag: u64, body: &[u8], id: Option<&str>) -> Original {
        let mut properties = BasicProperties::default();
        if let Some(id) = id {
            properties = properties.with_message_id(id.into());
        }
        Original { tag, routing_key: "log.INFO".to_owned(), properties, body: body.to_owned() }
    }

    pub(crate) fn message(original: Original) -> Message {
        match original.read() {
            Reading::Entry(message) => message,
            other => panic!("{other:?}"),
        }
    }

    fn refused(original: Original) -> (Original, String) {
        match original.read() {
            Reading::Never(original, reason) => (original, reason.to_string()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_message_id_is_the_entrys_and_an_absent_one_is_the_same_each_time() {
        let body = Event::encode_log("n", "d");
        assert_eq!(message(original(1, &body, Some("a"))).entry.id, "a");
        let id = |tag| message(original(tag, &body, None)).entry.id;
        assert_eq!(id(1), id(2));
    }

    #[test]
    fn a_mistake_is_told_and_the_message_kept() {
        let (kept, reason) = refused(original(3, b"{}", Some("a")));
        assert!(kept.tag == 3 && reason.contains("\"name\""), "{reason}");
        let body = Event::encode_log("n", "d");
        let (_, reason) = refused(original(3, &body, Some("a b")));
        assert!(reason.starts_with("its message_id"), "{reason}");
    }

    #[test]
    fn a_message_that_is_not_what_was_published_is_damaged() {
        let body = Event::encode_log("n", "d");
        let with = |checksum: AMQPValue, body: &[u8], id| {
            let mut original = original(1, body, Some(id));
            let mut headers = FieldTable::default();
            headers.insert(CHECKSUM.into(), checksum);
            original.properties = original.properties.with_headers(headers);
            original
        };
        let right = || AMQPValue::LongString(checksum::of("a", &body).into());
        assert_eq!(message(with(right(), &body, "a")).entry.id, "a");
        let other_body = Event::encode_log("n", "e");
        for damaged in [
            with(right(), &other_body, "a"),
            with(right(), &body, "b"),
            with(right(), b"{", "a"),
            with(AMQPValue::Boolean(true), &body, "a"),
        ] {
            let read = damaged.read();
            assert!(matches!(read, Reading::Damaged(_, Damage::Checksum)), "{read:?}");
        }
    }

    #[test]
    fn a_message_whose_properties_can_not_be_read_is_known_again() {
        let with = |properties: &[u8]| {
            let mut original = original(1, b"{}", None);
            let mut headers = FieldTable::default();
            headers.insert(UNREADABLE.into(), AMQPValue::LongString(properties.into()));
            original.properties = original.properties.with_headers(headers);
            original
        };
        let counted = |count| [b"a\xff\x10x-delivery-countl\0\0\0\0\0\0\0", &[count][..], b"b"].concat();
        assert_eq!(with(&counted(1)).fingerprint(), with(&counted(2)).fingerprint());
        assert_ne!(with(b"a").fingerprint(), with(b"b").fingerprint());
        with(b"x-delivery-count").fingerprint();
        let read = with(b"a").read();
        assert!(matches!(read, Reading::Damaged(_, Damage::Properties)), "{read:?}");
    }

    proptest! {
        #[test]
        fn any_message_is_read_or_kept(body in prop::collection::vec(any::<u8>(), 0..300), id in "\\PC{0,20}") {
            match original(1, &body, Some(&id)).read() {
                Reading::Entry(message) => prop_assert!(EntryId::parse(message.entry.id).is_ok()),
                Reading::Never(kept, _) | Reading::Damaged(kept, _) => prop_assert_eq!(kept.body, body),
            }
        }
    }
}
