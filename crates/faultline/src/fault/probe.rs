//! A probe of a link: a connection from outside.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::stack::Stack;
use crate::stack::topology::Link;

/// Longest time that a connection may take.
const CONNECTS_WITHIN: Duration = Duration::from_secs(1);

/// Time in which a refused connection is reset.
const RESET_WITHIN: Duration = Duration::from_millis(50);

/// Connects to the proxy of a link; true if the connection is not reset at once, whatever the node behind it does.
pub(super) async fn takes_connections(stack: &Stack, link: &Link) -> bool {
    let Some(address) = stack.links().address(link) else { return false };
    let connected = tokio::time::timeout(CONNECTS_WITHIN, TcpStream::connect(address)).await;
    let Ok(Ok(mut connection)) = connected else { return false };
    // A proxy that refuses accepts first, since the kernel does, and resets at once.
    // The server may wait for the client to speak first, so silence means that the connection was accepted.
    let read = tokio::time::timeout(RESET_WITHIN, connection.read_u8()).await;
    // An end of the stream is no refusal of the proxy: it closes a client so when the server
    // behind it refuses.
    !matches!(read, Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionReset)
}
