//! Dead letters: what can never be stored is published to its queue, with the reason, and confirmed before
//! the original is acknowledged. Should the acknowledgement be lost, the letter is there twice, never not at
//! all.

use std::sync::Arc;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, PublisherConfirm};
use tokio::sync::Mutex;
use wire::event::DEAD_QUEUE;
use wire::headers::DEAD_REASON;

use super::connect::RabbitTarget;
use super::{ANSWER, ClosingConnection, NoAnswer};
use crate::message::Original;

/// The header with the routing key that a dead letter had.
const DEAD_ROUTING_KEY: &str = "x-faultline-routing-key";

/// Headers by whose keys RabbitMQ routes a message as well.
const ROUTING_HEADERS: [&str; 2] = ["CC", "BCC"];

/// Beginning of the names that they have in a dead letter.
const ROUTED_BY: &str = "x-faultline-";

/// The longest reason: a header must fit in a frame beside the others.
const MAX_REASON: usize = 500;

/// A message that can never be stored, and why.
pub(crate) type Letter = (Original, String);

/// Publisher of dead letters; clones share the connection, which the first letter opens.
#[derive(Clone)]
pub(crate) struct DeadLetters {
    target: Arc<RabbitTarget>,
    open: Arc<Mutex<Option<Arc<OpenDeadLetters>>>>,
}

/// A connection for dead letters.
// They have a connection of their own: RabbitMQ, when short of memory or disk, blocks connections that publish, and
// the acknowledgements that would relieve it must not be blocked with them.
struct OpenDeadLetters {
    connection: ClosingConnection,
    channel: Channel,
}

/// Reason why a dead letter was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeadFailure {
    /// No confirm came.
    #[error("the dead letter was not confirmed: {0}")]
    Rabbit(#[from] NoAnswer),
    /// Refused, or no such queue.
    #[error("RabbitMQ did not take the dead letter")]
    NotTaken,
}

impl DeadLetters {
    pub(super) fn new(target: Arc<RabbitTarget>) -> Self {
        Self { target, open: Arc::default() }
    }

    /// Publishes letters and waits until RabbitMQ has confirmed every one; their originals may then be
    /// acknowledged, by these tags.
    pub(crate) async fn publish(self, letters: Vec<Letter>) -> Result<Vec<u64>, DeadFailure> {
        self.open().await?.publish(&letters).await?;
        Ok(letters.into_iter().map(|(original, _)| original.tag).collect())
    }

    async fn open(&self) -> Result<Arc<OpenDeadLetters>, NoAnswer> {
        // Held while it connects: others wait for this connection, instead of making one of their own.
        let mut known = self.open.lock().await;
        if let Some(open) = known.as_ref().filter(|open| open.channel.status().connected()) {
            return Ok(Arc::clone(open));
        }
        let connecting = tokio::time::timeout(ANSWER, self.target.open("listener: dead letters"));
        let connection = connecting.await.map_err(|_| NoAnswer::Silent)??;
        let channel = connection.answer(connection.create_channel()).await?;
        connection.answer(channel.confirm_select(ConfirmSelectOptions::default())).await?;
        let open = Arc::new(OpenDeadLetters { connection, channel });
        *known = Some(Arc::clone(&open));
        Ok(open)
    }
}

impl OpenDeadLetters {
    async fn publish(&self, letters: &[Letter]) -> Result<(), DeadFailure> {
        // All are published before the first confirm is waited for, so that RabbitMQ can write them together.
        let mut confirms = Vec::with_capacity(letters.len());
        for (original, reason) in letters {
            confirms.push(self.connection.answer(publish(&self.channel, original, reason)).await?);
        }
        for confirm in confirms {
            let confirmation = self.connection.answer(confirm).await?;
            // lapin gives a returned letter to whichever confirm comes next: one makes all of them doubtful.
            if !confirmation.is_ack() || confirmation.take_message().is_some() {
                return Err(DeadFailure::NotTaken);
            }
        }
        Ok(())
    }
}

async fn publish(channel: &Channel, original: &Original, reason: &str) -> lapin::Result<PublisherConfirm> {
    // Mandatory: a confirm alone does not show that a queue took the letter.
    let options = BasicPublishOptions { mandatory: true, ..Default::default() };
    let properties = properties(original, reason);
    channel.basic_publish("".into(), DEAD_QUEUE.into(), options, &original.body, properties).await
}

fn properties(original: &Original, reason: &str) -> BasicProperties {
    let reason: String = reason.chars().take(MAX_REASON).collect();
    let mut headers = kept_headers(original);
    headers.insert(DEAD_REASON.into(), AMQPValue::LongString(reason.into()));
    let routing_key = AMQPValue::LongString(original.routing_key.as_str().into());
    headers.insert(DEAD_ROUTING_KEY.into(), routing_key);
    // A letter without an expiration of its own: it must still be there when somebody looks.
    // Nor with the publisher's `user_id`: RabbitMQ refuses one that is not the user of the connection.
    let kept = BasicProperties::default().with_delivery_mode(2).with_headers(headers);
    let given = &original.properties;
    let kept = with(kept, given.message_id(), BasicProperties::with_message_id);
    let kept = with(kept, given.content_type(), BasicProperties::with_content_type);
    let kept = with(kept, given.timestamp(), BasicProperties::with_timestamp);
    with(kept, given.kind(), BasicProperties::with_type)
}

/// Headers of the original; those by which RabbitMQ routes have another name.
// Under their own names RabbitMQ would route the letter by them, too: one with the queue of the entries among them would
// come back and be dead again, without an end.
fn kept_headers(original: &Original) -> FieldTable {
    let mut kept = FieldTable::default();
    for (name, value) in original.properties.headers().iter().flat_map(FieldTable::inner) {
        let routes = ROUTING_HEADERS.contains(&name.as_str());
        let name = if routes { format!("{ROUTED_BY}{}", name.as_str()).into() } else { name.clone() };
        kept.insert(name, value.clone());
    }
    kept
}

fn with<T: Clone>(
    properties: BasicProperties,
    value: &Option<T>,
    set: impl FnOnce(BasicProperties, T) -> BasicProperties,
) -> BasicProperties {
    match value {
        Some(value) => set(properties, value.clone()),
        None => properties,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::original;

    #[test]
    fn a_letter_keeps_its_headers_but_none_that_routes() {
        let mut original = original(1, b"{}", Some("a"));
        let keys = AMQPValue::FieldArray(vec![AMQPValue::LongString("logs".into())].into());
        let mut headers = FieldTable::default();
        for name in ["CC", "BCC", "cc"] {
            headers.insert(name.into(), keys.clone());
        }
        original.properties = original.properties.with_headers(headers);
        let letter = properties(&original, "a reason");
        let names = letter.headers().as_ref().unwrap().inner().keys().map(ToString::to_string);
        let mut names: Vec<String> = names.collect();
        names.sort();
        let expected =
            ["cc", "x-faultline-BCC", "x-faultline-CC", DEAD_REASON, DEAD_ROUTING_KEY].map(str::to_owned);
        assert_eq!(names, expected);
        assert_eq!(letter.headers().as_ref().unwrap().inner()["x-faultline-CC"], keys);
    }

    #[test]
    fn the_reason_is_beside_what_the_message_had() {
        let properties = properties(&original(1, b"{}", Some("a")), &"x".repeat(2000));
        assert_eq!(properties.message_id().as_ref().map(|id| id.as_str()), Some("a"));
        let headers = properties.headers().as_ref().unwrap();
        match headers.inner().get(DEAD_REASON) {
            Some(AMQPValue::LongString(reason)) => assert_eq!(reason.as_bytes().len(), MAX_REASON),
            other => panic!("{other:?}"),
        }
    }
}
