//! RabbitMQ as another publisher or consumer sees it.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt;
use lapin::message::{BasicReturnMessage, Delivery};
use lapin::options::{BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use tokio::time::Instant;

use super::PATIENCE;
use crate::lab::{self, Shared};

/// The topic exchange.
pub(super) const EXCHANGE: &str = "logs_topic";

/// A connection with the contract's user.
pub(super) struct Rabbit {
    system: Arc<Shared>,
    connection: Connection,
}

impl Rabbit {
    /// Connects.
    pub(super) fn open() -> Self {
        Self::by(lab::shared().address("rabbitmq", 5672))
    }

    /// Connects by another address.
    pub(super) fn by(address: SocketAddr) -> Self {
        let system = lab::shared();
        let url = format!("amqp://guest:guest@{address}/%2f");
        let connecting = Connection::connect(&url, ConnectionProperties::default());
        let connection = system.block_on(connecting).expect("a connection to RabbitMQ");
        Self { system, connection }
    }

    /// A channel of its own: what RabbitMQ refuses ends the channel on which it was asked.
    pub(super) fn channel(&self) -> Channel {
        self.wait(self.connection.create_channel()).expect("a channel")
    }

    /// Runs a future to its end.
    pub(super) fn wait<F: Future>(&self, work: F) -> F::Output {
        self.system.block_on(work)
    }

    /// Publishes by hand, waits for the confirm, and gives back what no queue took.
    pub(super) fn publish(
        &self,
        routing_key: &str,
        body: &[u8],
        properties: BasicProperties,
    ) -> Option<BasicReturnMessage> {
        self.publish_to(EXCHANGE, routing_key, body, properties)
    }

    /// The same through any exchange; through the one without a name, the key is that of a queue.
    pub(super) fn publish_to(
        &self,
        exchange: &str,
        routing_key: &str,
        body: &[u8],
        properties: BasicProperties,
    ) -> Option<BasicReturnMessage> {
        let channel = self.channel();
        let publishing = async {
            channel.confirm_select(ConfirmSelectOptions::default()).await?;
            let options = BasicPublishOptions { mandatory: true, ..Default::default() };
            let (exchange, key) = (exchange.into(), routing_key.into());
            channel.basic_publish(exchange, key, options, body, properties).await?.await
        };
        let confirmation = self.wait(publishing).expect("published");
        assert!(confirmation.is_ack(), "RabbitMQ did not take the message");
        confirmation.take_message()
    }

    /// The messages of a queue with these ids, in that order, waiting until every one has come.
    #[track_caller]
    pub(super) fn messages(&self, queue: &str, ids: &[String]) -> Vec<Delivery> {
        self.messages_that(queue, ids, |message, id| message_id(message) == Some(id))
    }

    /// The messages of a queue that are what is wanted, in that order, waiting until every one has come.
    #[track_caller]
    pub(super) fn messages_that(
        &self,
        queue: &str,
        wanted: &[String],
        is: impl Fn(&Delivery, &str) -> bool,
    ) -> Vec<Delivery> {
        // One test at a time: two consumers would each get what the other waits for.
        static TURN: Mutex<()> = Mutex::new(());
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let channel = self.channel();
        let found = self.wait(async {
            let found = consume(&channel, queue, wanted, is).await;
            // What was not acknowledged, all of it, goes back into the queue.
            channel.close(200, "read".into()).await.and(found)
        });
        let found = found.expect("a consumer");
        let missing =
            wanted.iter().zip(&found).filter(|(_, message)| message.is_none()).map(|(what, _)| what);
        let missing: Vec<&String> = missing.collect();
        assert!(missing.is_empty(), "not in {queue} within {PATIENCE:?}: {missing:?}");
        found.into_iter().flatten().collect()
    }
}

async fn consume(
    channel: &Channel,
    queue: &str,
    wanted: &[String],
    is: impl Fn(&Delivery, &str) -> bool,
) -> lapin::Result<Vec<Option<Delivery>>> {
    let (queue, options) = (queue.into(), BasicConsumeOptions::default());
    let mut messages = channel.basic_consume(queue, "".into(), options, FieldTable::default()).await?;
    let until = Instant::now() + PATIENCE;
    let mut found: Vec<Option<Delivery>> = wanted.iter().map(|_| None).collect();
    while found.iter().any(Option::is_none) {
        let Ok(Some(message)) = tokio::time::timeout_at(until, messages.next()).await else { break };
        let message = message?;
        if let Some(place) = wanted.iter().position(|what| is(&message, what)) {
            found[place] = Some(message);
        }
    }
    Ok(found)
}

/// The properties that the contract asks of a publisher.
pub(super) fn properties(id: &str) -> BasicProperties {
    BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(2)
        .with_message_id(id.into())
}

/// A message's id.
fn message_id(message: &Delivery) -> Option<&str> {
    message.properties.message_id().as_ref().map(|id| id.as_str())
}

/// The bytes of a header that is a long string; empty where there is none.
pub(super) fn bytes<'a>(message: &'a Delivery, name: &str) -> &'a [u8] {
    value(message, name).and_then(AMQPValue::as_long_string).map_or(&[], |text| text.as_bytes())
}

/// A header that is a text; empty where there is none.
pub(super) fn header(message: &Delivery, name: &str) -> String {
    match value(message, name) {
        Some(AMQPValue::LongString(text)) => text.to_string(),
        Some(AMQPValue::ShortString(text)) => text.to_string(),
        _ => String::new(),
    }
}

fn value<'a>(message: &'a Delivery, name: &str) -> Option<&'a AMQPValue> {
    message.properties.headers().as_ref()?.inner().get(name)
}
