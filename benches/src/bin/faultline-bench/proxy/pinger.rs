//! Callers that send a message of 64 bytes and wait until it is back: on one connection, or on a new one each time.

use std::net::SocketAddr;

use benches::BenchError;
use benches::closed::{CallOutcome, Caller};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::origin::MESSAGE;

/// Caller on one connection.
pub(crate) struct Pinger {
    stream: TcpStream,
    message: [u8; MESSAGE],
}

impl Pinger {
    /// Connects and makes a first round trip, after which the proxy has its connection too.
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self, BenchError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut pinger = Self { stream, message: [7; MESSAGE] };
        pinger.ping().await?;
        Ok(pinger)
    }

    /// Connects `number` times.
    pub(super) async fn many(number: usize, address: SocketAddr) -> Result<Vec<Self>, BenchError> {
        let mut pingers = Vec::with_capacity(number);
        for _ in 0..number {
            pingers.push(Self::connect(address).await?);
        }
        Ok(pingers)
    }

    /// Makes a round trip.
    pub(crate) async fn ping(&mut self) -> Result<(), BenchError> {
        self.stream.write_all(&self.message).await?;
        self.stream.read_exact(&mut self.message).await?;
        Ok(())
    }
}

impl Caller for Pinger {
    async fn call(&mut self) -> Result<CallOutcome, BenchError> {
        self.ping().await.map(|()| CallOutcome::Done)
    }
}

/// Caller that makes a connection for each message.
pub(super) struct Connector(pub(super) SocketAddr);

impl Caller for Connector {
    async fn call(&mut self) -> Result<CallOutcome, BenchError> {
        Pinger::connect(self.0).await.map(|_| CallOutcome::Done)
    }
}
