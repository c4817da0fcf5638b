//! `--healthcheck`: a service asks another one of its kind, started with the same settings, whether it is alive.
//! So that an image needs no other program for that.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

// Below the timeout of an image's HEALTHCHECK, so that the reason is printed before the engine gives up.
/// Time that the whole question may take.
const LIMIT: Duration = Duration::from_secs(2);

/// Reason why a service can't be called alive.
#[derive(Debug, thiserror::Error)]
pub enum Unhealthy {
    /// No answer.
    #[error("no answer from {address}: {source}")]
    NoAnswer {
        /// Address that was asked.
        address: String,
        /// The operating system's word.
        source: io::Error,
    },
    /// An answer other than 200.
    #[error("{address} answers \"{answer}\"")]
    Answer {
        /// Address that was asked.
        address: String,
        /// The first line of the answer.
        answer: String,
    },
}

/// Asks the service that listens on `listen` for `/healthz`. An address that means every interface
/// (`0.0.0.0:80`) is asked on this machine.
///
/// # Errors
/// [`Unhealthy`] says what came instead of 200.
pub fn ask(listen: &str) -> Result<(), Unhealthy> {
    ask_within(listen, LIMIT)
}

fn ask_within(listen: &str, limit: Duration) -> Result<(), Unhealthy> {
    let told = |source| Unhealthy::NoAnswer { address: listen.to_owned(), source };
    let answer = address(listen).and_then(|address| get(address, limit)).map_err(told)?;
    let first = answer.lines().next().unwrap_or_default();
    if first.split(' ').nth(1) == Some("200") {
        return Ok(());
    }
    Err(Unhealthy::Answer { address: listen.to_owned(), answer: first.to_owned() })
}

fn address(listen: &str) -> io::Result<SocketAddr> {
    let mut address = listen.to_socket_addrs()?.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
    // An unspecified address is one to listen on. Connecting to it works on some systems only.
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    Ok(address)
}

/// Answer that can be read until a moment.
// The timeout of a socket bounds one read, and a slow peer needs many.
struct TimedAnswer {
    stream: TcpStream,
    until: Instant,
}

impl Read for TimedAnswer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(left(self.until)?))?;
        self.stream.read(buffer)
    }
}

/// The time until a moment, above zero.
fn left(until: Instant) -> io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

fn get(address: SocketAddr, limit: Duration) -> io::Result<String> {
    // Blocking calls: this runs before there is a runtime.
    let until = Instant::now() + limit;
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_write_timeout(Some(left(until)?))?;
    // `connection: close` ends the stream after the answer; else the read would end by its timeout.
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    // Bounded: any program may listen on that port.
    TimedAnswer { stream, until }.take(4096).read_to_string(&mut answer)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn served(answer: &'static str) -> Result<(), Unhealthy> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            let mut asked = [0; 512];
            let length = stream.read(&mut asked).unwrap();
            assert!(asked[..length].starts_with(b"GET /healthz "));
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let asked = ask(&format!("0.0.0.0:{port}"));
        server.join().unwrap();
        asked
    }

    #[test]
    fn only_200_is_healthy() {
        served("HTTP/1.1 200 OK\r\n\r\n").unwrap();
        let told = served("HTTP/1.1 503 Service Unavailable\r\n\r\n").unwrap_err().to_string();
        assert!(told.contains("503"), "{told}");
        served("").unwrap_err();
    }

    #[test]
    fn a_peer_that_answers_bit_by_bit_gets_no_more_time() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = listener.local_addr().unwrap().to_string();
        let server = std::thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            // All that is read of an answer takes four seconds at least.
            while stream.write_all(b"x").is_ok() {
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let asked = ask_within(&listen, Duration::from_millis(200));
        assert!(matches!(asked, Err(Unhealthy::NoAnswer { .. })), "{asked:?}");
        server.join().unwrap();
    }

    #[test]
    fn nobody_there_is_unhealthy() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        assert!(ask(&free).unwrap_err().to_string().contains(&free));
        ask("nowhere").unwrap_err();
    }
}
