//! Callers by JSON over HTTP/1.1, on a connection each that is kept: to the broker, or to the logger directly.

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

use crate::Failed;
use crate::closed::{Answer, Caller};

/// What is asked.
#[derive(Debug, Clone)]
pub enum Question {
    /// The broker's greeting.
    Ping,
    /// The credentials of the one user.
    Authenticate,
    /// The newest entries.
    Read,
    /// A new entry with so many bytes of data, by this route of the broker's.
    Log {
        /// The route.
        route: &'static str,
        /// Bytes of data.
        size: usize,
    },
    /// A new entry with so many bytes of data, at the logger's own door.
    LoggerLog {
        /// Bytes of data.
        size: usize,
    },
}

/// One connection.
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
    /// What the system or hyper says.
    pub async fn connect(address: SocketAddr, question: Question) -> Result<Self, Failed> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Ends with the connection; what is wrong with it, the next call says.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender, host: address.to_string(), question })
    }

    /// So many connections.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub async fn many(number: usize, address: SocketAddr, question: &Question) -> Result<Vec<Self>, Failed> {
        let mut callers = Vec::with_capacity(number);
        for _ in 0..number {
            callers.push(Self::connect(address, question.clone()).await?);
        }
        Ok(callers)
    }

    fn request(&self) -> Result<Request<Full<Bytes>>, Failed> {
        let id = Uuid::now_v7().to_string();
        let mut method = Method::POST;
        let (route, key, body) = match &self.question {
            Question::Ping => ("/", None, json!({})),
            Question::Read => {
                method = Method::GET;
                ("/logs?limit=50", None, json!({}))
            }
            Question::Authenticate => {
                ("/authentication", None, json!({ "email": "admin@example.com", "password": "password123" }))
            }
            Question::Log { route, size } => {
                (*route, Some(id.clone()), json!({ "name": "bench", "data": data(&id, *size) }))
            }
            Question::LoggerLog { size } => {
                ("/log", None, json!({ "id": id, "name": "bench", "data": data(&id, *size) }))
            }
        };
        let mut request = Request::builder()
            .method(method)
            .uri(route)
            .header(HOST, &self.host)
            .header(CONTENT_TYPE, "application/json");
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        Ok(request.body(Full::new(Bytes::from(serde_json::to_vec(&body)?)))?)
    }
}

impl Caller for HttpCaller {
    async fn call(&mut self) -> Result<Answer, Failed> {
        let request = self.request()?;
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        let (status, rest) = (answer.status(), retry_after(answer.headers()));
        let body = answer.into_body().collect().await?.to_bytes();
        match status {
            StatusCode::OK | StatusCode::ACCEPTED => Ok(Answer::Done),
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => Ok(Answer::Refused(rest)),
            _ => Err(format!("{:?} was answered with {status}: {}", self.question, message(&body)).into()),
        }
    }
}

/// The rest that a refusal asks for; none if it says nothing.
fn retry_after(headers: &HeaderMap) -> Duration {
    let told = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(told.unwrap_or(0))
}

fn message(body: &[u8]) -> String {
    match serde_json::from_slice::<Value>(body) {
        Ok(envelope) => envelope["message"].to_string(),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    }
}

/// Data that begins with the id and has `size` bytes, or those of the id if that is longer.
#[must_use]
pub fn data(id: &str, size: usize) -> String {
    let mut data = String::with_capacity(size.max(id.len()));
    data.push_str(id);
    data.extend(std::iter::repeat_n('x', size.saturating_sub(id.len())));
    data
}
