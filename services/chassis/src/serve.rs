//! An HTTP listener that drains at shutdown: what is in flight is answered, for a bounded time.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// An address that can't be listened on, or a listener that broke.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Taken, or not of this machine.
    #[error("can't listen on {address} (is another program using the port?): {source}")]
    Bind {
        /// Address as it was asked for.
        address: String,
        /// The operating system's word.
        source: std::io::Error,
    },
    /// The listener broke while serving.
    #[error("the listener broke: {0}")]
    Broken(#[from] std::io::Error),
}

/// Listens on `address`; port 0 picks a free one, which the listener then tells.
///
/// # Errors
/// [`ServeError::Bind`] names the address.
pub async fn bind(address: &str) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| ServeError::Bind { address: address.to_owned(), source })
}

/// The address that a listener has.
///
/// # Errors
/// [`ServeError::Broken`] when the socket is gone.
pub fn address_of(listener: &TcpListener) -> Result<SocketAddr, ServeError> {
    Ok(listener.local_addr()?)
}

/// Serves until `shutdown`, then takes no new connections, finishes what is in flight, and gives up on the
/// rest after `drain`.
///
/// # Errors
/// [`ServeError::Broken`] when the listener broke.
pub async fn http(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
    drain: Duration,
) -> Result<(), ServeError> {
    // An answer is one write; waiting to fill a packet would only delay it.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!("TCP_NODELAY could not be set: {error}");
        }
    });
    let begun = shutdown.clone();
    let serving =
        axum::serve(listener, router).with_graceful_shutdown(async move { begun.cancelled().await });
    // A client that reads slowly must not keep a service from ending; whoever ends it kills it in the end anyway.
    let limit = async {
        shutdown.cancelled().await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        ended = async { serving.await } => Ok(ended?),
        () = limit => {
            tracing::warn!("requests were still in flight after {drain:?}; their connections are closed");
            Ok(())
        }
    }
}
