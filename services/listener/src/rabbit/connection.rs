//! A connection that is closed when it is dropped.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use lapin::Connection;

/// Time that RabbitMQ may take to answer.
pub(crate) const ANSWER: Duration = Duration::from_secs(10);

/// Time that RabbitMQ may take to close a connection.
const CLOSE: Duration = Duration::from_secs(2);

/// A connection to RabbitMQ, closed when dropped.
pub(crate) struct ClosingConnection(Arc<Connection>);

/// Reason why RabbitMQ gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    /// The connection broke, or the channel; or it refused.
    #[error("{0}")]
    Lost(#[from] lapin::Error),
    /// Bytes come, and can't be understood any more.
    #[error("RabbitMQ has not answered for {ANSWER:?}, though it is connected")]
    Silent,
}

impl ClosingConnection {
    /// Waits for RabbitMQ's answer, and not for ever: heartbeats don't show every silence.
    // A damaged length has the library wait for a frame of gigabytes, of which each heartbeat is another few bytes.
    pub(super) async fn answer<T>(
        &self,
        asked: impl Future<Output = lapin::Result<T>>,
    ) -> Result<T, NoAnswer> {
        tokio::select! {
            answer = asked => Ok(answer?),
            () = self.silence() => Err(NoAnswer::Silent),
        }
    }

    /// Ends once RabbitMQ has had the time to answer.
    async fn silence(&self) {
        loop {
            tokio::time::sleep(ANSWER).await;
            // RabbitMQ does not read from a connection that it blocks, so it can't answer on that.
            if !self.0.status().blocked() {
                return;
            }
        }
    }

    /// Closes it now, and waits for RabbitMQ's word.
    pub(crate) async fn close(self) {
        close_in_time(Arc::clone(&self.0)).await;
    }
}

impl From<Connection> for ClosingConnection {
    fn from(connection: Connection) -> Self {
        Self(Arc::new(connection))
    }
}

impl Deref for ClosingConnection {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

// The library keeps one open as long as it has a consumer. Nobody would take what such a consumer is delivered, and
// RabbitMQ would hold it back from the others.
impl Drop for ClosingConnection {
    fn drop(&mut self) {
        // After `close`, which ends with this drop, it is no longer connected.
        if let (true, Ok(runtime)) = (self.0.status().connected(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(close_in_time(Arc::clone(&self.0)));
        }
    }
}

async fn close_in_time(connection: Arc<Connection>) {
    let closing = connection.close(200, "the listener is done with it".into());
    match tokio::time::timeout(CLOSE, closing).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!("closing a connection: {error}"),
        Err(_) => tracing::debug!("closing a connection: no answer within {CLOSE:?}"),
    }
}
