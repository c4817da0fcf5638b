//! A service's HTTP, asked from outside: each request on a connection of its own.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::PATIENCE;
use crate::lab::{self, Shared};

/// A header.
pub(super) type Header<'a> = (&'a str, &'a str);

/// The header of every JSON body.
pub(super) const JSON: Header<'static> = ("content-type", "application/json");

/// A service that is asked.
pub(super) struct Service {
    system: Arc<Shared>,
    name: &'static str,
    address: SocketAddr,
}

/// What it answered.
pub(super) struct Answer {
    /// Its status.
    pub(super) status: u16,
    /// Its headers.
    pub(super) headers: HeaderMap,
    /// Its body.
    pub(super) text: String,
    /// What was asked, for messages.
    asked: String,
}

impl Service {
    /// The HTTP of a node of the shared system.
    pub(super) fn at(name: &'static str, port: u16) -> Self {
        let system = lab::shared();
        let address = system.address(name, port);
        Self { system, name, address }
    }

    /// One that is not of the shared system.
    pub(super) fn reached_at(name: &'static str, address: SocketAddr) -> Self {
        Self { system: lab::shared(), name, address }
    }

    /// The broker.
    pub(super) fn broker() -> Self {
        Self::at("broker", 8080)
    }

    /// Asks with GET.
    pub(super) fn get(&self, route: &str) -> Answer {
        self.send(Method::GET, route, &[], Bytes::new())
    }

    /// Posts JSON.
    pub(super) fn post(&self, route: &str, body: &Value) -> Answer {
        self.send(Method::POST, route, &[JSON], body.to_string())
    }

    /// Posts JSON with an `Idempotency-Key`.
    pub(super) fn post_as(&self, id: &str, route: &str, body: &Value) -> Answer {
        self.send(Method::POST, route, &[JSON, ("idempotency-key", id)], body.to_string())
    }

    /// Posts the same JSON with the same `Idempotency-Key` several times at once.
    pub(super) fn post_at_once(&self, times: usize, id: &str, route: &str, body: &Value) -> Vec<Answer> {
        let headers = [JSON, ("idempotency-key", id)];
        let asking = (0..times).map(|_| self.ask(Method::POST, route, &headers, body.to_string().into()));
        self.system.block_on(futures::future::join_all(asking))
    }

    /// Sends anything.
    pub(super) fn send(
        &self,
        method: Method,
        route: &str,
        headers: &[Header<'_>],
        body: impl Into<Bytes>,
    ) -> Answer {
        self.system.block_on(self.ask(method, route, headers, body.into()))
    }

    /// Sends bytes as they are, ends the sending side, and tells what came back: for what no client library
    /// would send.
    pub(super) fn send_bytes(&self, bytes: &[u8]) -> String {
        let exchange = async {
            let mut stream = TcpStream::connect(self.address).await?;
            stream.write_all(bytes).await?;
            stream.shutdown().await?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await?;
            Ok::<_, std::io::Error>(String::from_utf8_lossy(&answer).into_owned())
        };
        let answer = self.system.block_on(async { tokio::time::timeout(PATIENCE, exchange).await });
        answer.expect("the connection was left open").expect("an exchange")
    }

    async fn ask(&self, method: Method, route: &str, headers: &[Header<'_>], body: Bytes) -> Answer {
        let asked = format!("{method} {}{route} {}", self.name, excerpt(&body));
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = route.parse().expect("a route");
        request.headers_mut().insert("host", HeaderValue::from_static("system"));
        for (name, value) in headers {
            let name = http::HeaderName::from_bytes(name.as_bytes()).expect("a name of a header");
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value of a header");
            request.headers_mut().append(name, value);
        }
        let answer = tokio::time::timeout(PATIENCE, exchange(self.address, request)).await;
        let answer = answer.unwrap_or_else(|_| panic!("no answer within {PATIENCE:?}: {asked}"));
        let (status, headers, text) = answer.unwrap_or_else(|error| panic!("{asked}: {error}"));
        Answer { status, headers, text, asked }
    }
}

async fn exchange(
    address: SocketAddr,
    request: Request<Full<Bytes>>,
) -> Result<(u16, HeaderMap, String), Box<dyn std::error::Error>> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await?.into_parts();
    let bytes = body.collect().await?.to_bytes();
    Ok((head.status.as_u16(), head.headers, String::from_utf8(bytes.into())?))
}

fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(200).collect()
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, headers, text, asked } = self;
        write!(f, "{asked} was answered with {status} {headers:?} {}", excerpt(text.as_bytes()))
    }
}

impl Answer {
    /// A header; empty where there is none.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body, which must be the JSON that every answer is.
    #[track_caller]
    pub(super) fn envelope(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{self}");
        let body: Value = serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self}"));
        let known = ["data", "error", "message"];
        let fields = body.as_object().unwrap_or_else(|| panic!("no object: {self}"));
        assert!(fields.keys().all(|field| known.contains(&field.as_str())), "{self}");
        assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()), "{self}");
        body
    }

    /// Checks that it did what was asked, with this status, and gives its data.
    #[track_caller]
    pub(super) fn grants(&self, status: u16) -> Value {
        let body = self.envelope();
        assert_eq!((self.status, &body["error"]), (status, &Value::Bool(false)), "{self}");
        body["data"].clone()
    }

    /// Checks that it refuses with this status and without data, and that its message names these.
    #[track_caller]
    pub(super) fn refuses(&self, status: u16, named: &[&str]) {
        let body = self.envelope();
        assert_eq!((self.status, &body["error"]), (status, &Value::Bool(true)), "{self}");
        assert!(body.get("data").is_none(), "{self}");
        let message = body["message"].as_str().unwrap_or_default();
        for part in named {
            assert!(message.contains(part), "{:?} is not in the message: {self}", part);
        }
    }
}

/// The names of the fields of an object, sorted.
pub(super) fn fields(object: &Value) -> Vec<&str> {
    let names = object.as_object().map(|object| object.keys().map(String::as_str).collect::<Vec<_>>());
    let mut names = names.unwrap_or_default();
    names.sort_unstable();
    names
}
