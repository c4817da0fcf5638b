//! The listening socket of a proxy and its connections. All of them end with this task.

use std::os::fd::AsRawFd;
use std::sync::Arc;

use nix::sys::socket::{Shutdown, shutdown};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::connection;
use super::context::ConnectionContext;
use super::shortage::DescriptorShortage;
use super::upstreams::Upstreams;

/// Accepts connections until aborted.
pub(super) async fn run(listener: TcpListener, context: Arc<ConnectionContext>, upstreams: Arc<Upstreams>) {
    // Owned by this task, so that aborting it ends them too.
    let mut connections = JoinSet::new();
    let listener = ListeningSocket(listener);
    let mut shortage = DescriptorShortage::new(format!("the proxy of {}", context.proxy_name));
    loop {
        tokio::select! {
            // accept and join_next may both be cancelled, so the branch that loses drops no client.
            accepted = listener.0.accept() => match accepted {
                Ok((client, _)) => {
                    connections.spawn(connection::serve(client, Arc::clone(&context), Arc::clone(&upstreams)));
                }
                Err(error) => shortage.handle(&listener.0, &error).await,
            },
            // Without it, the results of ended connections would pile up.
            // An empty set answers None at once; the pattern disables the branch then, so nothing spins.
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Socket that refuses connections from the moment it is dropped.
struct ListeningSocket(TcpListener);

impl Drop for ListeningSocket {
    fn drop(&mut self) {
        // Closing is not enough: a process that another thread starts at this moment has a copy of the socket until it
        // executes its own program, and the copy would keep listening.
        // Linux stops the listening for the reading half alone; the writing half changes nothing.
        if let Err(error) = shutdown(self.0.as_raw_fd(), Shutdown::Read) {
            tracing::debug!("a listening socket is closed without a shutdown: {error}");
        }
    }
}
