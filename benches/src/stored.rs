//! Tells when what was published is stored: AMQP answers when RabbitMQ has a message, and the other ways only when
//! the entry is in the store. The logger counts what it has stored; that count is read as fast as it is answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::HOST;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::Failed;

/// What the logger has stored, in its metrics.
const STORED: &str = "logger_entries_total{outcome=\"stored\"}";

/// What a listener has got stored, in its metrics.
const HANDED_ON: &str = "listener_messages_total{fate=\"stored\"}";

/// Watches the logger's count; whoever waits for one more is let through once it has grown.
#[derive(Debug)]
pub struct Stored {
    grown: Arc<Semaphore>,
    watcher: JoinHandle<()>,
}

impl Stored {
    /// Watches the logger whose HTTP is at `logger`. Between two looks it rests for `rest`: with none it sees an
    /// entry soonest, and keeps a core busy.
    ///
    /// # Errors
    /// What the first look says.
    pub async fn watch(logger: SocketAddr, rest: Option<Duration>) -> Result<Self, Failed> {
        let mut look = Look::connect(logger).await?;
        let mut known = look.count(STORED).await?;
        let grown = Arc::new(Semaphore::new(0));
        let told = Arc::clone(&grown);
        let watcher = tokio::spawn(async move {
            while let Ok(count) = look.count(STORED).await {
                told.add_permits(usize::try_from(count - known).unwrap_or(0));
                known = count;
                if let Some(rest) = rest {
                    tokio::time::sleep(rest).await;
                }
            }
            // Whoever waits is told that there is nothing to wait for any more.
            told.close();
        });
        Ok(Self { grown, watcher })
    }

    /// Waits until one more entry is stored than was waited for before.
    ///
    /// # Errors
    /// When the logger no longer tells.
    pub async fn one_more(&self) -> Result<(), Failed> {
        self.grown.acquire().await.map_err(|_| "the logger no longer tells what it has stored")?.forget();
        Ok(())
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        self.watcher.abort();
    }
}

/// How many entries the logger at `address` has stored since it started.
///
/// # Errors
/// When it does not answer.
pub async fn count(address: SocketAddr) -> Result<u64, Failed> {
    Look::connect(address).await?.count(STORED).await
}

/// How many messages of the listener at `address` were stored since it started.
///
/// # Errors
/// When it does not answer.
pub async fn handed_on(address: SocketAddr) -> Result<u64, Failed> {
    Look::connect(address).await?.count(HANDED_ON).await
}

struct Look {
    sender: SendRequest<Empty<Bytes>>,
    host: String,
}

impl Look {
    async fn connect(address: SocketAddr) -> Result<Self, Failed> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender, host: address.to_string() })
    }

    /// The value of a counter; one that nobody has counted by yet is not there.
    async fn count(&mut self, counter: &str) -> Result<u64, Failed> {
        self.sender.ready().await?;
        let request = Request::get("/metrics").header(HOST, &self.host).body(Empty::new())?;
        let answer = self.sender.send_request(request).await?.into_body().collect().await?.to_bytes();
        let text = std::str::from_utf8(&answer)?;
        match text.lines().find_map(|line| line.strip_prefix(counter)) {
            Some(count) => Ok(count.trim().parse()?),
            None => Ok(0),
        }
    }
}
