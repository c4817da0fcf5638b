//! The address at which a proxy listens, as Go writes addresses: `host:port`, where no host means every interface.

use std::io;
use std::net::{Ipv6Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket, lookup_host};

/// Connections that may wait to be accepted; the kernel lowers the number to `net.core.somaxconn`.
// As many as may be, as in Go: a client that finds the queue full learns nothing, and tries again after a whole second.
// Not more than 16 bits, in which kernels before 4.1 keep the number.
const BACKLOG: u32 = 65_535;

/// Failure to listen.
// In Go's words, since clients of Toxiproxy show them to people.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Text without a port.
    #[error("listen tcp: address {0}: missing port in address")]
    NoPort(String),
    /// Port that is no number from 0 to 65535.
    #[error("listen tcp: address {0}: invalid port")]
    BadPort(String),
    /// Host name that cannot be resolved.
    #[error("listen tcp: lookup {host}: {source}")]
    Lookup {
        /// Host name.
        host: String,
        /// Error of the resolver.
        source: io::Error,
    },
    /// Address that the system refuses to bind.
    #[error("listen tcp {address}: bind: {}", plain(source))]
    Bind {
        /// Resolved address.
        address: SocketAddr,
        /// Error of the system.
        source: io::Error,
    },
}

/// Returns an error's text as Go writes it: lower case, without its number.
fn plain(error: &io::Error) -> String {
    error
        // Rust's own text would end in ` (os error 98)`.
        .raw_os_error()
        .map_or_else(|| error.to_string(), |number| nix::errno::Errno::from_raw(number).desc().to_lowercase())
}

/// Resolves the text of an address.
///
/// # Errors
/// [`ListenError`] if the text is no address, or names a host that cannot be resolved.
pub(super) async fn resolve(text: &str) -> Result<SocketAddr, ListenError> {
    // Go listens on every interface for 0.0.0.0 too.
    // On Linux a socket of [::] accepts IPv4 too, unless net.ipv6.bindv6only is set.
    let every = |port| SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    if text.is_empty() {
        return Ok(every(0));
    }
    // From the right, since an IPv6 address holds colons itself.
    let (host, port) = text.rsplit_once(':').ok_or_else(|| ListenError::NoPort(text.to_owned()))?;
    let port = if port.is_empty() { Ok(0) } else { port.parse() };
    let port = port.map_err(|_| ListenError::BadPort(text.to_owned()))?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() || host == "0.0.0.0" {
        return Ok(every(port));
    }
    let lookup = |source| ListenError::Lookup { host: host.to_owned(), source };
    let found: Vec<SocketAddr> = lookup_host((host, port)).await.map_err(lookup)?.collect();
    // Go prefers IPv4, so `localhost` is 127.0.0.1 for clients that compare addresses.
    let first = found.iter().find(|address| address.is_ipv4()).or(found.first()).copied();
    first.ok_or_else(|| lookup(io::ErrorKind::NotFound.into()))
}

/// Listens at an address, also right after a listener of the same address was closed.
///
/// # Errors
/// [`ListenError::Bind`].
pub(super) fn listen(address: SocketAddr) -> Result<TcpListener, ListenError> {
    try_listen(address)
        .or_else(|error| {
            // [::] means every interface, which a machine without IPv6 has too.
            let without = error.raw_os_error() == Some(nix::errno::Errno::EAFNOSUPPORT as i32);
            let every = address.ip() == Ipv6Addr::UNSPECIFIED;
            if without && every { try_listen(([0, 0, 0, 0], address.port()).into()) } else { Err(error) }
        })
        .map_err(|source| ListenError::Bind { address, source })
}

fn try_listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Connections of an earlier listener may linger at this address for a minute.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_are_read_as_go_reads_them() {
        for (text, expected) in [
            ("", "[::]:0"),
            (":80", "[::]:80"),
            ("0.0.0.0:80", "[::]:80"),
            ("localhost:80", "127.0.0.1:80"),
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("[::1]:80", "[::1]:80"),
        ] {
            assert_eq!(resolve(text).await.unwrap().to_string(), expected, "{text}");
        }
        for (text, expected) in [
            ("localhost", "listen tcp: address localhost: missing port in address"),
            ("localhost:many", "listen tcp: address localhost:many: invalid port"),
        ] {
            assert_eq!(resolve(text).await.unwrap_err().to_string(), expected);
        }
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_reported_in_gos_words() {
        let one = listen(([127, 0, 0, 1], 0).into()).unwrap();
        let address = one.local_addr().unwrap();
        let error = listen(address).unwrap_err().to_string();
        assert_eq!(error, format!("listen tcp {address}: bind: address already in use"));
    }
}
