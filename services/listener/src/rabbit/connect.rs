//! Connection and consumer from RabbitMQ's URL.

use std::sync::Arc;
use std::time::Duration;

use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties, Consumer};
use topology::QueueShape;

use super::{ClosingConnection, DeadLetters, Rabbit, guard};

/// Seconds; RabbitMQ is taken for gone after twice as long without a sign of it.
const HEARTBEAT: u16 = 2;

/// Bound of making the TCP connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Address of RabbitMQ, and the mode of consuming.
#[derive(Debug, Clone)]
pub(crate) struct RabbitTarget {
    uri: AMQPUri,
    prefetch: u16,
    mode: ConsumeMode,
}

/// Mode of consuming: from which queue, and when a message is RabbitMQ's no more. All that `listener-planted` does
/// otherwise is a mode of its own.
#[derive(Debug, Clone, Copy)]
pub struct ConsumeMode {
    pub(crate) queue: QueueShape,
    /// Queues that are declared beside those of every listener.
    pub(crate) queues: &'static [QueueShape],
    /// True to acknowledge a message only once its entry is stored; else RabbitMQ forgets it as it sends it.
    pub(crate) acknowledges: bool,
}

impl Default for ConsumeMode {
    /// The queue of the entries, acknowledged once they are stored.
    fn default() -> Self {
        Self { queue: topology::ENTRIES, queues: &[], acknowledges: true }
    }
}

/// A URL of RabbitMQ that can't be used; it is not repeated, since a password may be in it.
#[derive(Debug, thiserror::Error)]
#[error("LISTENER_AMQP_URL: expected amqp://user:password@host:5672/%2f: {0}")]
pub struct BadRabbitUrl(String);

impl RabbitTarget {
    /// Reads a URL.
    pub(crate) fn parse(url: &str, prefetch: u16, mode: ConsumeMode) -> Result<Self, BadRabbitUrl> {
        let mut uri: AMQPUri = url.parse().map_err(BadRabbitUrl)?;
        // RabbitMQ would propose a minute. What the URL says counts more.
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        let timeout = u64::try_from(CONNECT_TIMEOUT.as_millis()).unwrap_or(u64::MAX);
        uri.query.connection_timeout.get_or_insert(timeout);
        Ok(Self { uri, prefetch, mode })
    }

    /// Reports whether the listener acknowledges deliveries itself.
    pub(crate) fn acknowledges(&self) -> bool {
        self.mode.acknowledges
    }

    /// Connects, declares, consumes.
    pub(crate) async fn connect(self: Arc<Self>) -> lapin::Result<Rabbit> {
        let connection = self.open("listener").await?;
        topology::declare(&connection.create_channel().await?, self.mode.queues).await?;
        let (channel, consumer) = self.consume(&connection).await?;
        let dead_letters = DeadLetters::new(Arc::clone(&self));
        Ok(Rabbit { connection, consumer, channel, dead_letters, target: self })
    }

    /// A bare connection; its name is shown by RabbitMQ's management.
    pub(super) async fn open(&self, name: &str) -> lapin::Result<ClosingConnection> {
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let connecting = Connection::connect_uri_with_runtime(self.uri.clone(), properties, guard::guarded());
        Ok(connecting.await?.into())
    }

    /// A consumer on a channel of its own.
    pub(super) async fn consume(&self, connection: &Connection) -> lapin::Result<(Channel, Consumer)> {
        let channel = connection.create_channel().await?;
        // Without a bound RabbitMQ would send the whole queue at once, into this listener's memory and out of reach
        // of the others.
        // Before the consumer begins: RabbitMQ applies it to later consumers only.
        channel.basic_qos(self.prefetch, BasicQosOptions::default()).await?;
        let options = BasicConsumeOptions { no_ack: !self.mode.acknowledges, ..Default::default() };
        // An empty tag: RabbitMQ makes one, and several listeners can share the queue.
        let queue = self.mode.queue.name.into();
        let consumer = channel.basic_consume(queue, "".into(), options, FieldTable::default()).await?;
        Ok((channel, consumer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_url_is_told_without_its_password() {
        let error =
            RabbitTarget::parse("http://u:sesame@h", 1, ConsumeMode::default()).unwrap_err().to_string();
        assert!(error.contains("AMQP_URL") && !error.contains("sesame"), "{error}");
    }

    #[test]
    fn a_heartbeat_of_the_url_is_kept() {
        let heartbeat =
            |url| RabbitTarget::parse(url, 1, ConsumeMode::default()).unwrap().uri.query.heartbeat;
        assert_eq!(heartbeat("amqp://h:1/%2f"), Some(HEARTBEAT));
        assert_eq!(heartbeat("amqp://h:1/%2f?heartbeat=9"), Some(9));
    }
}
