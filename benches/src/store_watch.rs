//! Waiting until a published entry is in the store. RabbitMQ answers when it has the message; the other transports answer
//! only when the entry is stored. The logger counts its stored entries; the watch reads that count as fast as the logger
//! answers.

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
use tokio::time::{Instant, sleep, timeout};

use crate::failure::BenchError;

/// Counter of the logger: stored entries.
const STORED_ENTRIES: &str = "logger_entries_total{outcome=\"stored\"}";

/// Time for an entry to be stored. RabbitMQ may have lost it, and nobody would ever report that.
const PATIENCE: Duration = Duration::from_secs(60);

/// Counter of the listener: messages whose entry is stored.
const STORED_MESSAGES: &str = "listener_messages_total{fate=\"stored\"}";

/// Watch of a logger's count of stored entries.
#[derive(Debug)]
pub struct StoreWatch {
    grown: Arc<Semaphore>,
    poller: JoinHandle<()>,
}

impl StoreWatch {
    /// Watches the logger whose HTTP address is `logger`, with a pause between two readings. Without a pause it sees an
    /// entry soonest, and keeps a core busy.
    ///
    /// # Errors
    /// Returns the error of the first reading.
    pub async fn start(logger: SocketAddr, pause: Option<Duration>) -> Result<Self, BenchError> {
        let mut counters = MetricsReader::connect(logger).await?;
        let mut known = counters.read(STORED_ENTRIES).await?;
        let grown = Arc::new(Semaphore::new(0));
        let permits = Arc::clone(&grown);
        let poller = tokio::spawn(async move {
            while let Ok(count) = counters.read(STORED_ENTRIES).await {
                // The count never falls: the end of a logger ends this connection, and so the loop.
                permits.add_permits(usize::try_from(count - known).unwrap_or(0));
                known = count;
                if let Some(pause) = pause {
                    sleep(pause).await;
                }
            }
            // Waiters would wait for ever otherwise.
            permits.close();
        });
        Ok(Self { grown, poller })
    }

    /// Waits until one more entry is stored than earlier calls have waited for.
    ///
    /// # Errors
    /// Fails when the logger no longer answers, or when no entry is stored within a minute.
    pub async fn wait_for_one(&self) -> Result<(), BenchError> {
        let grown = timeout(PATIENCE, self.grown.acquire()).await;
        let grown = grown.map_err(|_| "store: expected one more entry within a minute, found none")?;
        // Forgotten, not returned: one stored entry lets one caller go on.
        grown.map_err(|_| "the logger no longer reports its stored entries")?.forget();
        Ok(())
    }
}

impl Drop for StoreWatch {
    fn drop(&mut self) {
        self.poller.abort();
    }
}

/// Entries that the logger at `address` has stored since it started.
///
/// # Errors
/// Fails when the logger does not answer.
pub async fn stored_entries(address: SocketAddr) -> Result<u64, BenchError> {
    MetricsReader::connect(address).await?.read(STORED_ENTRIES).await
}

/// Waits until the loggers at `addresses` have stored `count` entries together since they started.
///
/// # Errors
/// Fails when a logger does not answer, or when entries are missing after a minute.
pub async fn wait_until_stored(addresses: &[SocketAddr], count: u64) -> Result<(), BenchError> {
    wait_until(count, async || {
        let mut stored = 0;
        for address in addresses {
            stored += stored_entries(*address).await?;
        }
        Ok(stored)
    })
    .await
}

async fn wait_until(
    count: u64,
    mut stored: impl AsyncFnMut() -> Result<u64, BenchError>,
) -> Result<(), BenchError> {
    let until = Instant::now() + PATIENCE;
    loop {
        let found = stored().await?;
        if found >= count {
            return Ok(());
        }
        if Instant::now() > until {
            return Err(format!("store: expected {count} entries within a minute, found {found}").into());
        }
        sleep(Duration::from_millis(5)).await;
    }
}

/// Messages of the listener at `address` whose entry was stored since it started.
///
/// # Errors
/// Fails when the listener does not answer.
pub async fn stored_messages(address: SocketAddr) -> Result<u64, BenchError> {
    MetricsReader::connect(address).await?.read(STORED_MESSAGES).await
}

/// Connection to the metrics of a service.
struct MetricsReader {
    sender: SendRequest<Empty<Bytes>>,
    host: String,
}

impl MetricsReader {
    async fn connect(address: SocketAddr) -> Result<Self, BenchError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        // Kept for the whole watch: a connection for each reading would cost more than the reading.
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender, host: address.to_string() })
    }

    /// Value of a counter; 0 before its first increment, when it is not listed.
    async fn read(&mut self, counter: &str) -> Result<u64, BenchError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_entry_that_never_arrives_is_an_error() {
        let (grown, poller) = (Arc::new(Semaphore::new(1)), tokio::spawn(std::future::pending()));
        let watch = StoreWatch { grown, poller };
        watch.wait_for_one().await.unwrap();
        let error = watch.wait_for_one().await.unwrap_err().to_string();
        assert_eq!(error, "store: expected one more entry within a minute, found none");
    }

    #[tokio::test(start_paused = true)]
    async fn entries_are_waited_for_until_all_are_there_or_a_minute_has_passed() {
        let mut stored = 0;
        let mut growing = async || {
            stored = (stored + 1).min(7);
            Ok(stored)
        };
        wait_until(7, &mut growing).await.unwrap();
        let error = wait_until(8, growing).await.unwrap_err().to_string();
        assert_eq!(error, "store: expected 8 entries within a minute, found 7");
    }
}
