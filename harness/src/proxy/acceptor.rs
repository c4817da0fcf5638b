//! The listening socket of a proxy and its connections; all of them end with this task.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

use super::{Shared, pump};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Listens, also right after a listener of the same address was closed.
pub(super) fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts until aborted. The connections are in its hands, so that aborting it ends them.
pub(super) async fn run(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    connections.spawn(connection(client, Arc::clone(&shared)));
                }
                Err(error) => out_of_descriptors(&shared.name, &error).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Accepting fails for want of descriptors; those that are open go on, and asking again at once would spin.
async fn out_of_descriptors(name: &str, error: &std::io::Error) {
    tracing::warn!("the proxy of {name} can't accept a connection: {error}");
    tokio::time::sleep(Duration::from_millis(50)).await;
}

async fn connection(client: TcpStream, shared: Arc<Shared>) {
    let open = shared.counters.opened();
    let Ok(upstream) = shared.upstreams.connect().await else {
        shared.counters.add_upstream_refused();
        // The client learns by a reset that nobody took it, as it would from the upstream itself.
        let _ = client.set_zero_linger();
        return;
    };
    let _ = (client.set_nodelay(true), upstream.set_nodelay(true));
    pump::both_ways(client, upstream, open.number(), &shared).await;
}
