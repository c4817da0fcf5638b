//! Whether a link takes connections, seen from outside.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::stack::Stack;
use crate::stack::topology::Link;

/// Time that a connection may take to come about.
const CONNECTS_WITHIN: Duration = Duration::from_secs(1);

/// Time in which a connection that is not wanted is reset.
const RESET_WITHIN: Duration = Duration::from_millis(50);

/// Whether a connection to the proxy of a link comes about and is not reset at once. What the node behind it makes of
/// it does not matter.
pub(super) async fn takes_connections(stack: &Stack, link: &Link) -> bool {
    let Some(address) = stack.links().address(link) else { return false };
    let connected = tokio::time::timeout(CONNECTS_WITHIN, TcpStream::connect(address)).await;
    let Ok(Ok(mut connection)) = connected else { return false };
    let read = tokio::time::timeout(RESET_WITHIN, connection.read_u8()).await;
    !matches!(read, Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionReset)
}
