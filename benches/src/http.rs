//! Callers by JSON over HTTP/1.1, each on one connection: to the broker, or to the logger directly.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST, RETRY_AFTER};
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::closed::{CallOutcome, Caller};
use crate::failure::BenchError;
use crate::workload::data;

/// Request that a caller sends, with a new id each time.
#[derive(Debug, Clone)]
pub enum Question {
    /// The broker's greeting.
    Ping,
    /// The credentials of the one user.
    Authenticate,
    /// The newest entries.
    Read,
    /// A new entry, by one of the broker's routes.
    Log {
        /// Route of the broker.
        route: &'static str,
        /// Bytes of data.
        size: usize,
    },
    /// A new entry, directly at the logger.
    LoggerLog {
        /// Bytes of data.
        size: usize,
    },
}

/// Parts of a request.
pub(crate) struct Parts {
    pub(crate) method: Method,
    pub(crate) route: &'static str,
    /// Value of `Idempotency-Key`.
    pub(crate) key: Option<String>,
    pub(crate) body: Value,
}

impl Question {
    /// Parts of the request for the entry `id`.
    pub(crate) fn parts(&self, id: &str) -> Parts {
        let post = |route, body| Parts { method: Method::POST, route, key: None, body };
        match self {
            Self::Ping => post("/", json!({})),
            Self::Read => Parts { method: Method::GET, ..post("/logs?limit=50", json!({})) },
            Self::Authenticate => {
                post("/authentication", json!({ "email": "admin@example.com", "password": "password123" }))
            }
            Self::Log { route, size } => {
                let body = json!({ "name": "bench", "data": data(id, *size) });
                Parts { key: Some(id.to_owned()), ..post(route, body) }
            }
            Self::LoggerLog { size } => {
                post("/log", json!({ "id": id, "name": "bench", "data": data(id, *size) }))
            }
        }
    }
}

/// Name of the header with the id of an entry.
pub(crate) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// Caller on one connection, by hyper's client: what a program in Rust pays for a request.
#[derive(Debug)]
pub struct HttpCaller {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    question: Question,
}

impl HttpCaller {
    /// Connects.
    ///
    /// # Errors
    /// Returns the error of the system or of hyper.
    pub async fn connect(address: SocketAddr, question: Question) -> Result<Self, BenchError> {
        let stream = TcpStream::connect(address).await?;
        // A request is one write; waiting to fill a packet would only delay it.
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // The task ends with the connection; the next call reports its error.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender, host: address.to_string(), question })
    }

    /// Connects `number` times.
    ///
    /// # Errors
    /// Returns the error of the system or of hyper.
    pub async fn many(
        number: usize,
        address: SocketAddr,
        question: &Question,
    ) -> Result<Vec<Self>, BenchError> {
        let mut callers = Vec::with_capacity(number);
        for _ in 0..number {
            callers.push(Self::connect(address, question.clone()).await?);
        }
        Ok(callers)
    }

    fn request(&self) -> Result<Request<Full<Bytes>>, BenchError> {
        let Parts { method, route, key, body } = self.question.parts(&Uuid::now_v7().to_string());
        let mut request = Request::builder()
            .method(method)
            .uri(route)
            .header(HOST, &self.host)
            .header(CONTENT_TYPE, "application/json");
        if let Some(key) = key {
            request = request.header(IDEMPOTENCY_KEY, key);
        }
        Ok(request.body(Full::new(Bytes::from(serde_json::to_vec(&body)?)))?)
    }
}

impl Caller for HttpCaller {
    async fn call(&mut self) -> Result<CallOutcome, BenchError> {
        let request = self.request()?;
        // hyper takes one request at a time on a connection; an earlier answer must be over.
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        let (status, pause) = (answer.status(), retry_after(answer.headers()));
        // Read to its end, since the connection could not be used again otherwise.
        let body = answer.into_body().collect().await?.to_bytes();
        match status {
            StatusCode::OK | StatusCode::ACCEPTED => Ok(CallOutcome::Done),
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                Ok(CallOutcome::Refused(pause))
            }
            _ => {
                let (question, message) = (&self.question, message(&body));
                Err(format!("{question:?}: expected 200 or 202, found {status}: {message}").into())
            }
        }
    }
}

/// Pause that a refusal asks for; zero without one.
fn retry_after(headers: &HeaderMap) -> Duration {
    let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(0))
}

fn message(body: &[u8]) -> String {
    match serde_json::from_slice::<Value>(body) {
        Ok(envelope) => envelope["message"].to_string(),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    }
}
