//! The dial of an upstream, repeated soon if nobody answers.
//!
//! A server has a queue of limited length for connections that it has not accepted yet; 128 is common. When a thousand
//! clients come at once, the proxy fills it before the server runs at all. The kernel of the server drops what does not
//! fit and says nothing, and the kernel of the proxy repeats the dial after a whole second, for which the client waits.

use std::io;
use std::pin::{Pin, pin};
use std::time::Duration;

use tokio::net::TcpStream;

/// Time after which an unanswered dial is repeated for the first time. It doubles with each repetition.
// Longer than an answer takes within a machine or a data centre, also on a busy one.
const FIRST_WAIT: Duration = Duration::from_millis(30);

/// Longest time between two repetitions.
// From then on the kernel repeats the first dial as often.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// Connects to an upstream by `connect`, and calls it again while nobody answers.
///
/// # Errors
/// The error of the first dial.
pub(super) async fn dial<D>(connect: impl Fn() -> D) -> io::Result<TcpStream>
where
    D: Future<Output = io::Result<TcpStream>>,
{
    let mut first = pin!(connect());
    tokio::select! {
        // The answer counts also if nobody looked before the time was over.
        biased;
        answer = &mut first => answer,
        // On the heap, since hardly any connection needs the memory for it.
        () = tokio::time::sleep(FIRST_WAIT) => Box::pin(redial(first, connect)).await,
    }
}

/// Repeats a dial, and waits for the first one beside each repetition.
// The first one goes on: to an upstream that is far away, its answer may be on the way. The kernel takes back a dial that
// is dropped unanswered, so the server never sees more than one connection.
async fn redial<D>(mut first: Pin<&mut D>, connect: impl Fn() -> D) -> io::Result<TcpStream>
where
    D: Future<Output = io::Result<TcpStream>>,
{
    let mut wait = FIRST_WAIT * 2;
    while wait <= LONGEST_WAIT {
        tokio::select! {
            biased;
            answer = &mut first => return answer,
            // An error is left to the first dial: it may be a lack of descriptors, which only the repetition met.
            Ok(stream) = connect() => return Ok(stream),
            () = tokio::time::sleep(wait) => wait *= 2,
        }
    }
    first.await
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::SocketAddr;

    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    /// Makes a server that accepts nothing, and fills its queue.
    async fn full_server() -> (TcpListener, SocketAddr, Vec<TcpStream>) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        // Linux lets one more in than it was asked for.
        for _ in 0..2 {
            waiting.push(TcpStream::connect(address).await.unwrap());
        }
        (listener, address, waiting)
    }

    /// Returns the local ports of the dials to an address that nobody has answered.
    fn unanswered(address: SocketAddr) -> BTreeSet<u16> {
        let remote = format!("0100007F:{:04X}", address.port());
        let sockets = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let dials = sockets.lines().filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let is_dial = fields.get(2) == Some(&remote.as_str()) && fields.get(3) == Some(&"02");
            is_dial.then(|| u16::from_str_radix(fields[1].rsplit_once(':').unwrap().1, 16).unwrap())
        });
        dials.collect()
    }

    async fn first_dial(address: SocketAddr) -> u16 {
        loop {
            if let Some(port) = unanswered(address).first() {
                return *port;
            }
            tokio::task::yield_now().await;
        }
    }

    /// A dial that the kernel repeats after a second keeps its port.
    #[tokio::test]
    async fn a_dial_that_found_the_queue_full_is_repeated_before_the_kernel_does() {
        let (listener, address, _waiting) = full_server().await;
        let dialing = tokio::spawn(dial(move || TcpStream::connect(address)));
        let port = first_dial(address).await;
        listener.accept().await.unwrap();
        listener.accept().await.unwrap();
        let stream = dialing.await.unwrap().unwrap();
        assert_ne!(stream.local_addr().unwrap().port(), port);
        // The server sees one connection, and nothing of the dial that was dropped.
        let (_, client) = listener.accept().await.unwrap();
        assert_eq!(client, stream.local_addr().unwrap());
        assert!(unanswered(address).is_empty());
    }

    #[tokio::test]
    async fn a_silent_upstream_costs_no_more_than_two_sockets_and_the_first_dial_goes_on() {
        let (_listener, address, _waiting) = full_server().await;
        let dialing = tokio::spawn(dial(move || TcpStream::connect(address)));
        let first = first_dial(address).await;
        let mut ports = BTreeSet::new();
        while ports.len() < 4 {
            let now = unanswered(address);
            assert!(now.contains(&first) && now.len() <= 2, "{now:?}");
            ports.extend(now);
            tokio::task::yield_now().await;
        }
        dialing.abort();
    }

    #[tokio::test]
    async fn a_refusal_is_an_answer() {
        let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let error = dial(|| TcpStream::connect(address)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}
