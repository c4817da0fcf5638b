//! From RabbitMQ's URL to a consumer.

use std::sync::Arc;
use std::time::Duration;

use lapin::options::{
    BasicConsumeOptions, BasicQosOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties, Consumer, ExchangeKind};
use wire::event::{BINDING, DEAD_QUEUE_SHAPE, EXCHANGE, QUEUE_SHAPE, QueueShape};

use super::{Closing, DeadLetters, Rabbit, guard};

/// Seconds; RabbitMQ is taken for gone after twice as long without a sign of it.
const HEARTBEAT: u16 = 2;

/// Bound of making the TCP connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How RabbitMQ is reached, and what is consumed.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    uri: AMQPUri,
    prefetch: u16,
    queue: QueueShape,
    automatic_acknowledgement: bool,
}

/// A URL of RabbitMQ that can't be used; it is not repeated, since a password may be in it.
#[derive(Debug, thiserror::Error)]
#[error("AMQP_URL can't be read; it must look like amqp://user:password@host:5672/%2f: {0}")]
pub struct BadUrl(String);

impl Target {
    /// Reads a URL.
    pub(crate) fn parse(url: &str, prefetch: u16) -> Result<Self, BadUrl> {
        let mut uri: AMQPUri = url.parse().map_err(BadUrl)?;
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        let timeout = u64::try_from(CONNECT_TIMEOUT.as_millis()).unwrap_or(u64::MAX);
        uri.query.connection_timeout.get_or_insert(timeout);
        Ok(Self { uri, prefetch, queue: QUEUE_SHAPE, automatic_acknowledgement: false })
    }

    /// With a bug.
    #[cfg(feature = "planted-bugs")]
    pub(crate) fn planted(self, bug: crate::planted::PlantedBug) -> Self {
        use crate::planted::PlantedBug;
        match bug {
            PlantedBug::AcksOnReceipt => Self { automatic_acknowledgement: true, ..self },
            PlantedBug::ConsumesTransient => Self { queue: wire::event::TRANSIENT_QUEUE_SHAPE, ..self },
        }
    }

    /// Whether deliveries are to be acknowledged by hand.
    pub(crate) fn acknowledges(&self) -> bool {
        !self.automatic_acknowledgement
    }

    /// Connects, declares, consumes.
    pub(crate) async fn connect(self: Arc<Self>) -> lapin::Result<Rabbit> {
        let connection = self.open("listener").await?;
        declare(&connection.create_channel().await?, &self.queue).await?;
        let (channel, consumer) = self.consume(&connection).await?;
        let dead_letters = DeadLetters::new(Arc::clone(&self));
        Ok(Rabbit { connection, consumer, channel, dead_letters, target: self })
    }

    /// A bare connection; its name is shown by RabbitMQ's management.
    pub(super) async fn open(&self, name: &str) -> lapin::Result<Closing> {
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let connecting = Connection::connect_uri_with_runtime(self.uri.clone(), properties, guard::guarded());
        Ok(connecting.await?.into())
    }

    /// A consumer on a channel of its own.
    pub(super) async fn consume(&self, connection: &Connection) -> lapin::Result<(Channel, Consumer)> {
        let channel = connection.create_channel().await?;
        channel.basic_qos(self.prefetch, BasicQosOptions::default()).await?;
        let options = BasicConsumeOptions { no_ack: self.automatic_acknowledgement, ..Default::default() };
        // An empty tag: RabbitMQ makes one, and several listeners can share the queue.
        let queue = self.queue.name.into();
        let consumer = channel.basic_consume(queue, "".into(), options, FieldTable::default()).await?;
        Ok((channel, consumer))
    }
}

/// Exchange, queues and binding, exactly as the broker declares them.
async fn declare(channel: &Channel, consumed: &QueueShape) -> lapin::Result<()> {
    let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
    channel.exchange_declare(EXCHANGE.into(), ExchangeKind::Topic, durable, FieldTable::default()).await?;
    declare_queue(channel, &DEAD_QUEUE_SHAPE).await?;
    declare_queue(channel, consumed).await?;
    let options = QueueBindOptions::default();
    let (queue, exchange) = (consumed.name.into(), EXCHANGE.into());
    channel.queue_bind(queue, exchange, BINDING.into(), options, FieldTable::default()).await
}

async fn declare_queue(channel: &Channel, shape: &QueueShape) -> lapin::Result<()> {
    let mut arguments = FieldTable::default();
    for (name, value) in shape.arguments {
        arguments.insert((*name).into(), AMQPValue::LongString((*value).into()));
    }
    let options = QueueDeclareOptions { durable: shape.durable, ..Default::default() };
    channel.queue_declare(shape.name.into(), options, arguments).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_url_is_told_without_its_password() {
        let error = Target::parse("http://u:sesame@h", 1).unwrap_err().to_string();
        assert!(error.contains("AMQP_URL") && !error.contains("sesame"), "{error}");
    }

    #[test]
    fn a_heartbeat_of_the_url_is_kept() {
        let heartbeat = |url| Target::parse(url, 1).unwrap().uri.query.heartbeat;
        assert_eq!(heartbeat("amqp://h:1/%2f"), Some(HEARTBEAT));
        assert_eq!(heartbeat("amqp://h:1/%2f?heartbeat=9"), Some(9));
    }
}
