//! Where a proxy listens, as Go writes addresses: `host:port`, where no host is every interface.

use std::io;
use std::net::{Ipv6Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket, lookup_host};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Why nothing listens, in Go's words, which clients show to people.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Not `host:port`.
    #[error("listen tcp: address {0}: missing port in address")]
    NoPort(String),
    /// The port is no number.
    #[error("listen tcp: address {0}: invalid port")]
    BadPort(String),
    /// The name of the host is of nobody.
    #[error("listen tcp: lookup {host}: {source}")]
    Lookup {
        /// The name.
        host: String,
        /// The system's word.
        source: io::Error,
    },
    /// The system does not let it.
    #[error("listen tcp {address}: bind: {}", plain(source))]
    Bind {
        /// Where.
        address: SocketAddr,
        /// The system's word.
        source: io::Error,
    },
}

/// The system's word as Go has it: small letters, and no number.
fn plain(error: &io::Error) -> String {
    error
        .raw_os_error()
        .map_or_else(|| error.to_string(), |number| nix::errno::Errno::from_raw(number).desc().to_lowercase())
}

/// The address of a text.
///
/// # Errors
/// [`ListenError`] for a text that is none.
pub(super) async fn resolve(text: &str) -> Result<SocketAddr, ListenError> {
    let every = |port| SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    if text.is_empty() {
        return Ok(every(0));
    }
    let (host, port) = text.rsplit_once(':').ok_or_else(|| ListenError::NoPort(text.to_owned()))?;
    let port = if port.is_empty() { Ok(0) } else { port.parse() };
    let port = port.map_err(|_| ListenError::BadPort(text.to_owned()))?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() || host == "0.0.0.0" {
        return Ok(every(port));
    }
    let lookup = |source| ListenError::Lookup { host: host.to_owned(), source };
    let found: Vec<SocketAddr> = lookup_host((host, port)).await.map_err(lookup)?.collect();
    let first = found.iter().find(|address| address.is_ipv4()).or(found.first()).copied();
    first.ok_or_else(|| lookup(io::ErrorKind::NotFound.into()))
}

/// Listens, also right after a listener of the same address was closed.
///
/// # Errors
/// [`ListenError::Bind`].
pub(super) fn listen(address: SocketAddr) -> Result<TcpListener, ListenError> {
    try_listen(address)
        .or_else(|error| {
            // A machine without IPv6 has every interface too.
            let without = error.raw_os_error() == Some(nix::errno::Errno::EAFNOSUPPORT as i32);
            let every = address.ip() == Ipv6Addr::UNSPECIFIED;
            if without && every { try_listen(([0, 0, 0, 0], address.port()).into()) } else { Err(error) }
        })
        .map_err(|source| ListenError::Bind { address, source })
}

fn try_listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_are_read_as_go_reads_them() {
        for (text, told) in [
            ("", "[::]:0"),
            (":80", "[::]:80"),
            ("0.0.0.0:80", "[::]:80"),
            ("localhost:80", "127.0.0.1:80"),
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("[::1]:80", "[::1]:80"),
        ] {
            assert_eq!(resolve(text).await.unwrap().to_string(), told, "{text}");
        }
        for (text, told) in [
            ("localhost", "listen tcp: address localhost: missing port in address"),
            ("localhost:many", "listen tcp: address localhost:many: invalid port"),
        ] {
            assert_eq!(resolve(text).await.unwrap_err().to_string(), told);
        }
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_told_as_go_tells_it() {
        let one = listen(([127, 0, 0, 1], 0).into()).unwrap();
        let address = one.local_addr().unwrap();
        let told = listen(address).unwrap_err().to_string();
        assert_eq!(told, format!("listen tcp {address}: bind: address already in use"));
    }
}
