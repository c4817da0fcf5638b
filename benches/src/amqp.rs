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

use crate::closed::{CallOutcome, Caller};
use crate::failure::BenchError;
use crate::store_watch::StoreWatch;
use crate::workload::data;

/// Delivery mode of a message that outlives a restart of RabbitMQ.
const PERSISTENT: u8 = 2;

/// Caller that publishes an entry and waits until it is confirmed and stored.
#[derive(Debug)]
pub struct AmqpCaller {
    channel: Channel,
    size: usize,
    store: Arc<StoreWatch>,
    /// Shared connection, which must outlive the channel.
    _connection: Arc<Connection>,
}

impl AmqpCaller {
    /// Opens one connection with `number` channels, a caller for each, of entries with `size` bytes of data.
    ///
    /// # Errors
    /// Returns the error of lapin.
    pub async fn many(
        number: usize,
        rabbitmq: SocketAddr,
        size: usize,
        store: &Arc<StoreWatch>,
    ) -> Result<Vec<Self>, BenchError> {
        let connection = Arc::new(connect(rabbitmq).await?);
        let mut callers = Vec::with_capacity(number);
        for _ in 0..number {
            let (channel, store) = (confirming(&connection).await?, Arc::clone(store));
            callers.push(Self { channel, size, store, _connection: Arc::clone(&connection) });
        }
        Ok(callers)
    }
}

impl Caller for AmqpCaller {
    async fn call(&mut self) -> Result<CallOutcome, BenchError> {
        check(publish(&self.channel, self.size).await?.await?)?;
        self.store.wait_for_one().await?;
        Ok(CallOutcome::Done)
    }
}

/// Messages that RabbitMQ has confirmed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confirms {
    /// Messages per second.
    pub rate: f64,
    /// Number of messages.
    pub number: u64,
}

/// Publishes for `time` with `outstanding` unconfirmed messages on one channel: the fastest that a publisher can be.
///
/// # Errors
/// Returns the error of lapin, or names a message that RabbitMQ did not confirm.
pub async fn publish_for(
    rabbitmq: SocketAddr,
    size: usize,
    outstanding: usize,
    time: Duration,
) -> Result<Confirms, BenchError> {
    let connection = connect(rabbitmq).await?;
    let channel = confirming(&connection).await?;
    let (begun, mut unconfirmed, mut number) = (Instant::now(), VecDeque::new(), 0_u64);
    // The last confirms are waited for as well: they would load the next measurement.
    while begun.elapsed() < time || !unconfirmed.is_empty() {
        if begun.elapsed() < time && unconfirmed.len() < outstanding {
            unconfirmed.push_back(publish(&channel, size).await?);
        } else if let Some(first) = unconfirmed.pop_front() {
            // In the order of publishing, since RabbitMQ confirms nearly all in that order.
            check(first.await?)?;
            number += 1;
        }
    }
    let rate = number as f64 / begun.elapsed().as_secs_f64();
    // Without a close RabbitMQ would log the end of each measurement as an error.
    connection.close(200, "OK".into()).await?;
    Ok(Confirms { rate, number })
}

async fn connect(rabbitmq: SocketAddr) -> Result<Connection, BenchError> {
    let url = format!("amqp://guest:guest@{rabbitmq}/%2f");
    Ok(Connection::connect(&url, ConnectionProperties::default()).await?)
}

async fn confirming(connection: &Connection) -> Result<Channel, BenchError> {
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok(channel)
}

async fn publish(channel: &Channel, size: usize) -> Result<PublisherConfirm, BenchError> {
    let id = Uuid::now_v7().to_string();
    let body = Event::encode_log("bench", &data(&id, size));
    // Without the checksum of the broker, which the listener does not demand.
    let properties = BasicProperties::default()
        .with_content_type(CONTENT_TYPE.into())
        .with_delivery_mode(PERSISTENT)
        .with_message_id(id.as_str().into());
    // As the broker publishes: RabbitMQ returns a message that no queue takes, instead of dropping it.
    let options = BasicPublishOptions { mandatory: true, immediate: false };
    let key = Severity::Info.routing_key().into();
    Ok(channel.basic_publish(EXCHANGE.into(), key, options, &body, properties).await?)
}

fn check(confirmation: Confirmation) -> Result<(), BenchError> {
    match confirmation {
        Confirmation::Ack(None) => Ok(()),
        other => Err(format!("RabbitMQ: expected a confirm, found {other:?}").into()),
    }
}
