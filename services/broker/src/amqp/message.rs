//! What is published, and how.

use std::time::{SystemTime, UNIX_EPOCH};

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, LongString, ShortString};
use wire::checksum;
use wire::entry::NewEvent;
use wire::event::{CONTENT_TYPE, EXCHANGE, Event};
use wire::headers::{CHECKSUM, TRACEPARENT};
use wire::id::EntryId;
use wire::trace::TraceContext;

/// Delivery mode of a message that outlives a restart of RabbitMQ.
const PERSISTENT: u8 = 2;

/// One message, ready to be published.
#[derive(Debug)]
pub(crate) struct Publication {
    id: ShortString,
    routing_key: &'static str,
    pub(super) body: Vec<u8>,
    trace: String,
}

/// How messages are published. There is one manner; `broker-planted` knows worse ones.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manner {
    #[cfg(feature = "planted-bugs")]
    pub(crate) bug: Option<crate::planted::PlantedBug>,
}

impl Publication {
    /// The message of an entry.
    pub(crate) fn new(id: &EntryId, event: &NewEvent, trace: TraceContext) -> Self {
        Self {
            id: id.as_str().into(),
            routing_key: event.severity.routing_key(),
            body: Event::encode_log(&event.name, &event.data),
            trace: trace.to_string(),
        }
    }

    /// Its properties. `number` is its number on the channel: by that a returned message is recognised.
    ///
    /// There is no expiration on purpose, though the request has a deadline: what was acknowledged must not
    /// expire afterwards.
    pub(super) fn properties(&self, manner: Manner, number: u64) -> BasicProperties {
        let mut headers = FieldTable::default();
        let trace = AMQPValue::LongString(LongString::from(self.trace.as_str()));
        headers.insert(TRACEPARENT.into(), trace);
        let checksum = checksum::of(self.id.as_str(), &self.body);
        headers.insert(CHECKSUM.into(), AMQPValue::LongString(checksum.into()));
        BasicProperties::default()
            .with_content_type(CONTENT_TYPE.into())
            .with_delivery_mode(manner.delivery_mode())
            .with_message_id(self.id.clone())
            .with_correlation_id(number.to_string().into())
            .with_timestamp(seconds_since_1970())
            .with_headers(headers)
    }

    /// Its exchange and routing key.
    pub(super) fn route(&self, manner: Manner) -> (ShortString, ShortString) {
        manner.route(self.routing_key)
    }
}

#[cfg(not(feature = "planted-bugs"))]
impl Manner {
    fn delivery_mode(self) -> u8 {
        PERSISTENT
    }

    fn route(self, routing_key: &'static str) -> (ShortString, ShortString) {
        (EXCHANGE.into(), routing_key.into())
    }
}

#[cfg(feature = "planted-bugs")]
impl Manner {
    fn delivery_mode(self) -> u8 {
        const TRANSIENT: u8 = 1;
        if self.is_transient() { TRANSIENT } else { PERSISTENT }
    }

    fn route(self, routing_key: &'static str) -> (ShortString, ShortString) {
        if self.is_transient() {
            return ("".into(), wire::event::TRANSIENT_QUEUE_SHAPE.name.into());
        }
        (EXCHANGE.into(), routing_key.into())
    }

    /// Whether messages go to a queue that does not outlive RabbitMQ.
    pub(super) fn is_transient(self) -> bool {
        self.bug == Some(crate::planted::PlantedBug::PublishesTransient)
    }

    /// Whether nobody waits for the confirm.
    pub(super) fn answers_before_confirm(self) -> bool {
        self.bug == Some(crate::planted::PlantedBug::AnswersBeforeConfirm)
    }
}

fn seconds_since_1970() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

#[cfg(test)]
mod tests {
    use wire::entry::Severity;

    use super::*;

    #[test]
    fn a_message_is_persistent_never_expires_and_carries_its_id() {
        let id = EntryId::parse("k-1").unwrap();
        let event = NewEvent { name: "n".to_owned(), data: "d".to_owned(), severity: Severity::Warning };
        let publication = Publication::new(&id, &event, TraceContext::new(1, 2));
        let properties = publication.properties(Manner::default(), 7);
        assert_eq!(properties.delivery_mode(), &Some(2));
        assert_eq!(properties.expiration(), &None);
        assert_eq!(properties.message_id().as_ref().map(ShortString::as_str), Some("k-1"));
        let (exchange, key) = publication.route(Manner::default());
        assert_eq!((exchange.as_str(), key.as_str()), ("logs_topic", "log.WARNING"));
    }
}
