//! The addresses to which a proxy connects: one address, or several in turn. Names are resolved for each connection, so
//! that a server may move.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpStream;

use super::dial::dial;

/// One address or more, each `host:port`.
#[derive(Debug)]
pub struct Upstreams {
    addresses: Vec<UpstreamAddress>,
    /// Number of connections until now; chooses the address of the next.
    next: AtomicUsize,
}

#[derive(Debug)]
enum UpstreamAddress {
    Number(SocketAddr),
    Name(String),
}

impl UpstreamAddress {
    async fn connect(&self) -> io::Result<TcpStream> {
        match self {
            Self::Number(address) => TcpStream::connect(address).await,
            // Resolved each time, since the server may have moved since the last connection.
            Self::Name(name) => TcpStream::connect(name).await,
        }
    }
}

impl From<SocketAddr> for Upstreams {
    fn from(address: SocketAddr) -> Self {
        vec![address].into()
    }
}

impl From<Vec<SocketAddr>> for Upstreams {
    fn from(addresses: Vec<SocketAddr>) -> Self {
        Self::new(addresses.into_iter().map(UpstreamAddress::Number).collect())
    }
}

/// Parses addresses that are separated by commas.
impl From<&str> for Upstreams {
    fn from(text: &str) -> Self {
        let address = |text: &str| match text.parse() {
            Ok(number) => UpstreamAddress::Number(number),
            // Without a host it is this machine, as in Go.
            Err(_) if text.starts_with(':') => UpstreamAddress::Name(format!("localhost{text}")),
            Err(_) => UpstreamAddress::Name(text.to_owned()),
        };
        Self::new(text.split(',').map(str::trim).map(address).collect())
    }
}

/// Writes the addresses, separated by commas.
impl fmt::Display for Upstreams {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, address) in self.addresses.iter().enumerate() {
            let separator = if place == 0 { "" } else { "," };
            match address {
                UpstreamAddress::Number(number) => write!(formatter, "{separator}{number}")?,
                UpstreamAddress::Name(name) => write!(formatter, "{separator}{name}")?,
            }
        }
        Ok(())
    }
}

impl Upstreams {
    fn new(addresses: Vec<UpstreamAddress>) -> Self {
        Self { addresses, next: AtomicUsize::new(0) }
    }

    /// Connects to the next address in turn, or to the first one after it that accepts the connection.
    ///
    /// # Errors
    /// The error of the last address, if none accepts the connection.
    pub(super) async fn connect(&self) -> io::Result<TcpStream> {
        // Relaxed, since only the number matters: no other memory depends on its order.
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        // The error for an empty list, for which the loop has no round; so it never divides by 0 either.
        let mut last = io::Error::new(io::ErrorKind::NotFound, "no upstream");
        for offset in 0..self.addresses.len() {
            let address = &self.addresses[turn.wrapping_add(offset) % self.addresses.len()];
            match dial(|| address.connect()).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn connections_go_by_turns_and_past_one_that_is_down() {
        let listen = || TcpListener::bind("127.0.0.1:0");
        let (one, two) = (listen().await.unwrap(), listen().await.unwrap());
        let addresses = [&one, &two].map(|listener| listener.local_addr().unwrap());
        let upstreams = Upstreams::from(addresses.to_vec());
        let mut reached = Vec::new();
        for _ in 0..4 {
            reached.push(upstreams.connect().await.unwrap().peer_addr().unwrap());
        }
        assert_eq!(reached, [addresses[0], addresses[1], addresses[0], addresses[1]]);
        drop(one);
        for _ in 0..2 {
            assert_eq!(upstreams.connect().await.unwrap().peer_addr().unwrap(), addresses[1]);
        }
        drop(two);
        assert!(upstreams.connect().await.is_err());
        assert!(Upstreams::from(Vec::new()).connect().await.is_err());
    }
}
