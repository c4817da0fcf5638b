//! RabbitMQ: a connection on which everything is declared and the queue is consumed.

mod connect;
mod connection;
mod dead;
mod guard;

use std::sync::Arc;

use lapin::options::BasicAckOptions;
use lapin::{Channel, Consumer};

pub(crate) use connect::RabbitTarget;
pub use connect::{BadRabbitUrl, ConsumeMode};
pub(crate) use connection::NoAnswer;
use connection::{ANSWER, ClosingConnection};
pub(crate) use dead::{DeadFailure, DeadLetters, Letter};

use crate::ledger::Ack;

/// A connection that consumes.
pub(crate) struct Rabbit {
    pub(crate) connection: ClosingConnection,
    pub(crate) consumer: Consumer,
    pub(crate) dead_letters: DeadLetters,
    channel: Channel,
    target: Arc<RabbitTarget>,
}

impl Rabbit {
    /// Acknowledges deliveries of this connection.
    pub(crate) async fn acknowledge(&self, acks: Vec<Ack>) -> lapin::Result<()> {
        for Ack { tag, multiple } in acks {
            self.channel.basic_ack(tag, BasicAckOptions { multiple }).await?;
        }
        Ok(())
    }

    /// Consumes on a new channel and closes the old one, by which RabbitMQ takes back all that it holds for delivered
    /// and that never came here.
    pub(crate) async fn renew(&mut self) -> Result<(), NoAnswer> {
        // The new consumer first: what RabbitMQ takes back from the old channel finds it.
        let (channel, consumer) = self.connection.answer(self.target.consume(&self.connection)).await?;
        let old = std::mem::replace(&mut self.channel, channel);
        // Goes after its channel, or it would be cancelled where it still is.
        let _consumer = std::mem::replace(&mut self.consumer, consumer);
        self.connection.answer(old.close(200, "a new one is in its place".into())).await
    }

    /// Takes no more deliveries.
    // Those that wait in memory stay unacknowledged.
    pub(crate) async fn stop(&self) -> lapin::Result<()> {
        let tag = self.consumer.tag();
        self.channel.basic_cancel(tag, lapin::options::BasicCancelOptions::default()).await
    }

    /// Closes the connection; what is unacknowledged goes back to the queue.
    pub(crate) async fn close(self) {
        self.connection.close().await;
    }
}
