//! Messages as they are published.

use std::time::{SystemTime, UNIX_EPOCH};

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, LongString, ShortString};
use topology::QueueShape;
use wire::checksum;
use wire::entry::NewEvent;
use wire::event::{CONTENT_TYPE, EXCHANGE, Event};
use wire::headers::{CHECKSUM, TRACEPARENT};
use wire::id::EntryId;
use wire::trace::TraceContext;

/// Delivery mode of a message that outlives a restart of RabbitMQ.
const PERSISTENT: u8 = 2;

/// A message, ready to be published.
#[derive(Debug)]
pub(crate) struct Publication {
    id: ShortString,
    routing_key: &'static str,
    pub(super) body: Vec<u8>,
    trace: String,
}

/// Mode of publishing: what messages travel as, and when their senders are answered. All that `broker-planted` does
/// otherwise is a mode of its own.
#[derive(Debug, Clone, Copy)]
pub struct PublishMode {
    pub(crate) delivery_mode: u8,
    /// Exchange and routing key of a message, by the key of its severity.
    pub(crate) route: fn(&'static str) -> (ShortString, ShortString),
    /// Queues that are declared beside those of every broker.
    pub(crate) queues: &'static [QueueShape],
    /// True to answer a sender only once RabbitMQ has confirmed.
    pub(crate) awaits_confirm: bool,
}

impl Default for PublishMode {
    /// Persistent messages to the exchange, answered once they are confirmed.
    fn default() -> Self {
        Self { delivery_mode: PERSISTENT, route: by_exchange, queues: &[], awaits_confirm: true }
    }
}

fn by_exchange(routing_key: &'static str) -> (ShortString, ShortString) {
    (EXCHANGE.into(), routing_key.into())
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

    /// Properties of the message. `number` is its number on the channel: by that a returned message is recognised.
    // No expiration, though the request has a deadline: what was acknowledged must not expire afterwards.
    pub(super) fn properties(&self, mode: PublishMode, number: u64) -> BasicProperties {
        let mut headers = FieldTable::default();
        let trace = AMQPValue::LongString(LongString::from(self.trace.as_str()));
        headers.insert(TRACEPARENT.into(), trace);
        let checksum = checksum::of(self.id.as_str(), &self.body);
        // Nothing else on the way has a checksum that reaches from end to end: TCP's ends at every proxy, AMQP has
        // none.
        headers.insert(CHECKSUM.into(), AMQPValue::LongString(checksum.into()));
        BasicProperties::default()
            .with_content_type(CONTENT_TYPE.into())
            .with_delivery_mode(mode.delivery_mode)
            .with_message_id(self.id.clone())
            .with_correlation_id(number.to_string().into())
            .with_timestamp(seconds_since_1970())
            .with_headers(headers)
    }

    /// Exchange and routing key.
    pub(super) fn route(&self, mode: PublishMode) -> (ShortString, ShortString) {
        (mode.route)(self.routing_key)
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
        let properties = publication.properties(PublishMode::default(), 7);
        assert_eq!(properties.delivery_mode(), &Some(2));
        assert_eq!(properties.expiration(), &None);
        assert_eq!(properties.message_id().as_ref().map(ShortString::as_str), Some("k-1"));
        let (exchange, key) = publication.route(PublishMode::default());
        assert_eq!((exchange.as_str(), key.as_str()), ("logs_topic", "log.WARNING"));
    }
}
