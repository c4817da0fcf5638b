//! The listener while RabbitMQ and the logger are not there: it runs, says what it waits for, and ends.

#![allow(clippy::unwrap_used, reason = "what a test asks with may end it, too")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chassis::CancellationToken;
use clap::Parser;
use listener::{Application, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn get(address: SocketAddr, route: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {route} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn it_says_what_it_waits_for_and_ends_when_told() {
    // Ports of this machine that nobody listens on.
    let (rabbit, logger) = ("amqp://guest:guest@127.0.0.1:1/%2f", "http://127.0.0.1:1");
    let arguments =
        ["listener", "--amqp-url", rabbit, "--logger-grpc-url", logger, "--listen", "127.0.0.1:0"];
    let application = Application::build(Settings::try_parse_from(arguments).unwrap()).await.unwrap();
    let (address, shutdown) = (application.address(), CancellationToken::new());
    let running = tokio::spawn(application.run(shutdown.clone()));

    assert!(get(address, "/healthz").await.starts_with("HTTP/1.1 200"));
    let ready = get(address, "/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
    assert!(ready.contains("rabbitmq") && ready.contains("logger"), "{ready}");
    assert!(get(address, "/nothing").await.starts_with("HTTP/1.1 404"));
    assert!(get(address, "/metrics").await.contains("listener_unacknowledged"));

    let begun = Instant::now();
    shutdown.cancel();
    running.await.unwrap().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}
