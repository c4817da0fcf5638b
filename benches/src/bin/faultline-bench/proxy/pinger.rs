//! Whoever sends a message of 64 bytes and waits until it is back: on one connection, or on a new one each time.

use std::net::SocketAddr;

use benches::Failed;
use benches::closed::{Answer, Caller};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::origin::MESSAGE;

/// One connection.
pub(crate) struct Pinger {
    stream: TcpStream,
    message: [u8; MESSAGE],
}

impl Pinger {
    /// Connects, and makes a first round trip: then the proxy has its connection too.
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self, Failed> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut pinger = Self { stream, message: [7; MESSAGE] };
        pinger.ping().await?;
        Ok(pinger)
    }

    /// So many connections.
    pub(super) async fn many(number: usize, address: SocketAddr) -> Result<Vec<Self>, Failed> {
        let mut pingers = Vec::with_capacity(number);
        for _ in 0..number {
            pingers.push(Self::connect(address).await?);
        }
        Ok(pingers)
    }

    /// A round trip.
    pub(crate) async fn ping(&mut self) -> Result<(), Failed> {
        self.stream.write_all(&self.message).await?;
        self.stream.read_exact(&mut self.message).await?;
        Ok(())
    }
}

impl Caller for Pinger {
    async fn call(&mut self) -> Result<Answer, Failed> {
        self.ping().await.map(|()| Answer::Done)
    }
}

/// A connection for each message.
pub(super) struct Visitor(pub(super) SocketAddr);

impl Caller for Visitor {
    async fn call(&mut self) -> Result<Answer, Failed> {
        Pinger::connect(self.0).await.map(|_| Answer::Done)
    }
}
