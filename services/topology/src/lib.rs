//! Exchange, queues and binding in RabbitMQ: declared here alone, by the broker and by the listener.
//!
//! Whoever comes first makes them. RabbitMQ refuses a second declaration that differs, so there must be one.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, LongString};
use lapin::{Channel, ExchangeKind};
use wire::event::{BINDING, DEAD_QUEUE, EXCHANGE, QUEUE};

/// Shape of a queue: all that RabbitMQ compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueShape {
    /// Name.
    pub name: &'static str,
    /// True if it outlives a restart of RabbitMQ.
    pub durable: bool,
    /// Arguments, all of them text.
    pub arguments: &'static [(&'static str, &'static str)],
}

/// Queue of the entries; what RabbitMQ itself gives up on goes to the dead letters by way of the default exchange.
// A quorum queue: a classic one confirms before the message is on disk of a majority.
pub const ENTRIES: QueueShape = QueueShape {
    name: QUEUE,
    durable: true,
    arguments: &[
        ("x-queue-type", "quorum"),
        // The empty name is the default exchange, which routes to the queue that the key names.
        ("x-dead-letter-exchange", ""),
        ("x-dead-letter-routing-key", DEAD_QUEUE),
    ],
};

/// Queue of the dead letters.
pub const DEAD_LETTERS: QueueShape =
    QueueShape { name: DEAD_QUEUE, durable: true, arguments: &[("x-queue-type", "quorum")] };

/// Queue of the planted bug `broker-publishes-transient`: gone with a restart of RabbitMQ.
#[cfg(feature = "planted-bugs")]
pub const TRANSIENT: QueueShape = QueueShape { name: "logs.transient", durable: false, arguments: &[] };

/// Declares exchange, queues and binding, and `more` queues without a binding; repeating it changes nothing.
///
/// # Errors
/// RabbitMQ's refusal, or the loss of the connection.
pub async fn declare(channel: &Channel, more: &[QueueShape]) -> lapin::Result<()> {
    // A binding outlives a restart of RabbitMQ only between a durable exchange and a durable queue.
    let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    channel.exchange_declare(EXCHANGE.into(), ExchangeKind::Topic, durable, FieldTable::default()).await?;
    // The dead letters first: the other queue names them.
    for shape in [DEAD_LETTERS, ENTRIES].iter().chain(more) {
        declare_queue(channel, shape).await?;
    }
    let (queue, exchange, key) = (QUEUE.into(), EXCHANGE.into(), BINDING.into());
    channel.queue_bind(queue, exchange, key, QueueBindOptions::default(), FieldTable::default()).await
}

/// Asks the queue of the entries for a sign of life.
///
/// # Errors
/// RabbitMQ's refusal, or the loss of the connection.
pub async fn look(channel: &Channel) -> lapin::Result<()> {
    // Passive: it creates nothing. A missing queue is an error, which closes the channel.
    let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(QUEUE.into(), passive, FieldTable::default()).await.map(drop)
}

async fn declare_queue(channel: &Channel, shape: &QueueShape) -> lapin::Result<()> {
    let options = QueueDeclareOptions { durable: shape.durable, ..QueueDeclareOptions::default() };
    let mut arguments = FieldTable::default();
    for (name, value) in shape.arguments {
        // A long string: RabbitMQ has no short ones in tables, where their type is that of a 16-bit number.
        arguments.insert((*name).into(), AMQPValue::LongString(LongString::from(*value)));
    }
    channel.queue_declare(shape.name.into(), options, arguments).await.map(drop)
}
