//! Callers by AMQP, directly at RabbitMQ, with the messages that the broker publishes: persistent, on the durable
//! quorum queue, confirmed.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, PublisherConfirm};
use uuid::Uuid;
use wire::entry::Severity;
use wire::event::{CONTENT_TYPE, EXCHANGE, Event};

use crate::Failed;
use crate::closed::{Answer, Caller};
use crate::http::data;
use crate::stored::Stored;

/// Delivery mode of a message that outlives a restart of RabbitMQ.
const PERSISTENT: u8 = 2;

/// Whoever publishes an entry, and waits until it is confirmed and stored.
#[derive(Debug)]
pub struct AmqpCaller {
    channel: Channel,
    size: usize,
    stored: Arc<Stored>,
    /// Lives as long as whoever uses it.
    _connection: Arc<Connection>,
}

impl AmqpCaller {
    /// So many callers of entries with `size` bytes of data, on one connection, with a channel each.
    ///
    /// # Errors
    /// What lapin says.
    pub async fn many(
        number: usize,
        rabbitmq: SocketAddr,
        size: usize,
        stored: &Arc<Stored>,
    ) -> Result<Vec<Self>, Failed> {
        let connection = Arc::new(connect(rabbitmq).await?);
        let mut callers = Vec::with_capacity(number);
        for _ in 0..number {
            let (channel, stored) = (confirming(&connection).await?, Arc::clone(stored));
            callers.push(Self { channel, size, stored, _connection: Arc::clone(&connection) });
        }
        Ok(callers)
    }
}

impl Caller for AmqpCaller {
    async fn call(&mut self) -> Result<Answer, Failed> {
        confirmed(publish(&self.channel, self.size).await?.await?)?;
        self.stored.one_more().await?;
        Ok(Answer::Done)
    }
}

/// How many messages a second a bare publisher gets confirmed, that keeps `outstanding` of them unconfirmed on one
/// channel for `time`; and how many in all.
///
/// # Errors
/// What lapin says, or a message that RabbitMQ does not confirm.
pub async fn publish_for(
    rabbitmq: SocketAddr,
    size: usize,
    outstanding: usize,
    time: Duration,
) -> Result<(f64, u64), Failed> {
    let connection = connect(rabbitmq).await?;
    let channel = confirming(&connection).await?;
    let (begun, mut flying, mut landed) = (Instant::now(), VecDeque::new(), 0_u64);
    while begun.elapsed() < time || !flying.is_empty() {
        if begun.elapsed() < time && flying.len() < outstanding {
            flying.push_back(publish(&channel, size).await?);
        } else if let Some(first) = flying.pop_front() {
            // In the order of publishing: RabbitMQ confirms in that order but for few.
            confirmed(first.await?)?;
            landed += 1;
        }
    }
    let rate = landed as f64 / begun.elapsed().as_secs_f64();
    connection.close(200, "OK".into()).await?;
    Ok((rate, landed))
}

async fn connect(rabbitmq: SocketAddr) -> Result<Connection, Failed> {
    let url = format!("amqp://guest:guest@{rabbitmq}/%2f");
    Ok(Connection::connect(&url, ConnectionProperties::default()).await?)
}

async fn confirming(connection: &Connection) -> Result<Channel, Failed> {
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok(channel)
}

async fn publish(channel: &Channel, size: usize) -> Result<PublisherConfirm, Failed> {
    let id = Uuid::now_v7().to_string();
    let body = Event::encode_log("bench", &data(&id, size));
    let properties = BasicProperties::default()
        .with_content_type(CONTENT_TYPE.into())
        .with_delivery_mode(PERSISTENT)
        .with_message_id(id.as_str().into());
    let options = BasicPublishOptions { mandatory: true, immediate: false };
    let key = Severity::Info.routing_key().into();
    Ok(channel.basic_publish(EXCHANGE.into(), key, options, &body, properties).await?)
}

fn confirmed(confirmation: Confirmation) -> Result<(), Failed> {
    match confirmation {
        Confirmation::Ack(None) => Ok(()),
        other => Err(format!("RabbitMQ did not take a message: {other:?}").into()),
    }
}
