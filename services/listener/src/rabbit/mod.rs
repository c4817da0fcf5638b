//! RabbitMQ: a connection on which everything is declared and the queue is consumed.

mod connect;
mod connection;
mod dead;

use lapin::options::BasicAckOptions;
use lapin::{Channel, Consumer};

pub use connect::BadUrl;
pub(crate) use connect::Target;
pub(crate) use connection::Closing;
pub(crate) use dead::{DeadFailure, DeadLetters, Letter};

use crate::ledger::Ack;

/// A connection that consumes.
pub(crate) struct Rabbit {
    pub(crate) connection: Closing,
    pub(crate) consumer: Consumer,
    pub(crate) dead_letters: DeadLetters,
    channel: Channel,
}

impl Rabbit {
    /// Acknowledges deliveries of this connection.
    pub(crate) async fn acknowledge(&self, acks: Vec<Ack>) -> lapin::Result<()> {
        for Ack { tag, multiple } in acks {
            self.channel.basic_ack(tag, BasicAckOptions { multiple }).await?;
        }
        Ok(())
    }

    /// Takes no more deliveries. Those that wait in memory stay unacknowledged.
    pub(crate) async fn stop(&self) -> lapin::Result<()> {
        let tag = self.consumer.tag();
        self.channel.basic_cancel(tag, lapin::options::BasicCancelOptions::default()).await
    }

    /// Closes the connection; what is unacknowledged goes back to the queue.
    pub(crate) async fn close(self) {
        self.connection.close().await;
    }
}
