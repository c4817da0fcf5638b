//! A service that really runs, and a client that can send it anything.

#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends here")]

use std::net::SocketAddr;
use std::time::Duration;

use authentication::{Application, Settings};
use chassis::CancellationToken;
use clap::Parser;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// The service, until dropped.
pub(crate) struct Running {
    /// Address that it listens on.
    pub(crate) address: SocketAddr,
    shutdown: CancellationToken,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// An answer, taken apart.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Status.
    pub(crate) status: u16,
    /// Its head, in lower case.
    pub(crate) head: String,
    /// Its body; every answer is JSON.
    pub(crate) body: Value,
}

/// Starts the service on a database at `database`, cheap bcrypt included.
pub(crate) async fn start(database: SocketAddr, more: &[&str]) -> Running {
    let url = format!("postgres://postgres:sesame@{database}/users_db?sslmode=disable");
    let mut flags = vec!["authentication", "--listen", "127.0.0.1:0", "--bcrypt-cost", "4"];
    flags.extend(["--database-url", &url]);
    flags.extend(more);
    let application = Application::build(Settings::parse_from(flags)).await.unwrap();
    let (address, shutdown) = (application.address(), CancellationToken::new());
    tokio::spawn(application.run(shutdown.clone()));
    Running { address, shutdown }
}

/// An address where nobody listens. The port is kept for good, so that nobody will.
pub(crate) fn nobody() -> SocketAddr {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    std::mem::forget(socket);
    address
}

/// A socket that takes connections and never says a word, like a server that hangs.
pub(crate) async fn silence() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Posts a body with these header lines.
pub(crate) async fn post(running: &Running, headers: &str, body: &[u8]) -> Answer {
    let head = format!(
        "POST /authentication HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    );
    send(running, &[head.as_bytes(), body].concat()).await
}

/// Posts JSON.
pub(crate) async fn post_json(running: &Running, body: &str) -> Answer {
    post(running, "content-type: application/json\r\n", body.as_bytes()).await
}

/// Sends raw bytes and reads until the end.
pub(crate) async fn send(running: &Running, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(20), reading).await.unwrap().unwrap();
    let text = String::from_utf8(answer).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head[9..12].parse().unwrap();
    Answer { status, head: head.to_ascii_lowercase(), body: serde_json::from_str(body).unwrap() }
}
