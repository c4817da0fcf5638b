//! One HTTP question: is it ready? Any status 2xx says yes; another answer says what is waited for.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Time that an answer may take.
// A node that takes longer for its own readiness is not ready for a load either, and the next probe comes soon.
const LIMIT: Duration = Duration::from_secs(1);

/// Asks once, on a connection of its own.
///
/// # Errors
/// What is waited for: the message of the answer, or what the connection said.
pub async fn http(address: SocketAddr, route: &str) -> Result<(), String> {
    match tokio::time::timeout(LIMIT, ask(address, route)).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("no answer within {LIMIT:?}")),
    }
}

async fn ask(address: SocketAddr, route: &str) -> Result<(), String> {
    let message = |error: &dyn std::fmt::Display| error.to_string();
    // A new connection, since an old one would hide a node that accepts no others.
    let stream = TcpStream::connect(address).await.map_err(|error| message(&error))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| message(&error))?;
    // hyper moves nothing by itself: somebody has to poll the connection.
    let connection = tokio::spawn(connection);
    let request = http::Request::get(route)
        // HTTP/1.1 requires it, and this client of hyper does not add it.
        .header(http::header::HOST, address.to_string())
        .body(Empty::<Bytes>::new())
        .map_err(|error| message(&error))?;
    let answer = sender.send_request(request).await.map_err(|error| message(&error));
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            connection.abort();
            return Err(error);
        }
    };
    let status = answer.status();
    // Only its message matters; whatever answers at this port may send without end.
    let body = Limited::new(answer.into_body(), 64 * 1024).collect().await.map(|body| body.to_bytes());
    connection.abort();
    if status.is_success() {
        return Ok(());
    }
    let message = body.ok().and_then(|body| {
        let value: serde_json::Value = serde_json::from_slice(&body).ok()?;
        Some(value.get("message")?.as_str()?.to_owned())
    });
    Err(message.unwrap_or_else(|| format!("status {status}")))
}
