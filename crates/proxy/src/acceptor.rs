//! The listening socket of a proxy and its connections; all of them end with this task.

use std::os::fd::AsRawFd;
use std::sync::Arc;

use nix::sys::socket::{Shutdown, shutdown};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::connection;
use super::shortage::Shortage;
use super::single::Shared;
use super::upstreams::Upstreams;

/// Accepts until aborted. The connections are in its hands, so that aborting it ends them.
pub(super) async fn run(listener: TcpListener, shared: Arc<Shared>, upstreams: Arc<Upstreams>) {
    let mut connections = JoinSet::new();
    let listener = Listening(listener);
    let mut shortage = Shortage::new(format!("the proxy of {}", shared.name));
    loop {
        tokio::select! {
            accepted = listener.0.accept() => match accepted {
                Ok((client, _)) => {
                    connections.spawn(connection::serve(client, Arc::clone(&shared), Arc::clone(&upstreams)));
                }
                Err(error) => shortage.met(&listener.0, &error).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Refuses from the moment it is dropped. Closing is not enough: a process that another thread starts at this moment has
/// a copy of the socket until it is its own program, and the copy would listen on.
struct Listening(TcpListener);

impl Drop for Listening {
    fn drop(&mut self) {
        if let Err(error) = shutdown(self.0.as_raw_fd(), Shutdown::Read) {
            tracing::debug!("a listener is closed without a shutdown: {error}");
        }
    }
}
