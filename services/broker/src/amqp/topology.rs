//! Exchange, queues and binding. The listener declares the same; whoever comes first makes them.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, LongString};
use lapin::{Channel, ExchangeKind};
use wire::event::{BINDING, DEAD_QUEUE_SHAPE, EXCHANGE, QUEUE, QUEUE_SHAPE, QueueShape};

use super::message::Manner;

/// Declares everything that messages go through; repeating it changes nothing.
pub(super) async fn declare(channel: &Channel, manner: Manner) -> lapin::Result<()> {
    let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    channel.exchange_declare(EXCHANGE.into(), ExchangeKind::Topic, durable, FieldTable::default()).await?;
    declare_queue(channel, DEAD_QUEUE_SHAPE).await?;
    declare_queue(channel, QUEUE_SHAPE).await?;
    let (queue, exchange, key) = (QUEUE.into(), EXCHANGE.into(), BINDING.into());
    channel.queue_bind(queue, exchange, key, QueueBindOptions::default(), FieldTable::default()).await?;
    plant(channel, manner).await
}

/// Asks the queue itself for a sign of life.
pub(super) async fn look(channel: &Channel) -> lapin::Result<()> {
    let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(QUEUE.into(), passive, FieldTable::default()).await?;
    Ok(())
}

async fn declare_queue(channel: &Channel, shape: QueueShape) -> lapin::Result<()> {
    let options = QueueDeclareOptions { durable: shape.durable, ..QueueDeclareOptions::default() };
    let mut arguments = FieldTable::default();
    for (name, value) in shape.arguments {
        arguments.insert((*name).into(), AMQPValue::LongString(LongString::from(*value)));
    }
    channel.queue_declare(shape.name.into(), options, arguments).await?;
    Ok(())
}

#[cfg(not(feature = "planted-bugs"))]
async fn plant(_: &Channel, _: Manner) -> lapin::Result<()> {
    Ok(())
}

#[cfg(feature = "planted-bugs")]
async fn plant(channel: &Channel, manner: Manner) -> lapin::Result<()> {
    if manner.is_transient() {
        declare_queue(channel, wire::event::TRANSIENT_QUEUE_SHAPE).await?;
    }
    Ok(())
}
