//! Sends requests on pooled connections, once each, and says what came of them.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client as Pool, Error};
use hyper_util::rt::TokioExecutor;

use super::classify;
use crate::history::Outcome;

/// Answers are read up to here, in bytes.
const LONGEST_ANSWER: usize = 4 * 1024 * 1024;

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// In Jepsen's terms.
    pub outcome: Outcome,
    /// The status of the answer, where there was one.
    pub status: Option<u16>,
    /// For all but `ok`: what the answer or the connection said.
    pub message: Option<String>,
}

/// An HTTP client with a pool of connections; clones share it.
#[derive(Debug, Clone)]
pub struct Client {
    pool: Pool<HttpConnector, Full<Bytes>>,
}

impl Default for Client {
    fn default() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(2)));
        Self {
            pool: Pool::builder(TokioExecutor::new())
                .pool_idle_timeout(Duration::from_secs(30))
                .build(connector),
        }
    }
}

impl Client {
    /// Sends a request once; what has not ended after `limit` is given up, its outcome unknown.
    pub async fn send(&self, request: Request<Full<Bytes>>, limit: Duration) -> Sent {
        match tokio::time::timeout(limit, self.exchange(request)).await {
            Ok(sent) => sent,
            Err(_) => Sent {
                outcome: classify::no_answer(false),
                status: None,
                message: Some(format!("no answer within {limit:?}")),
            },
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Sent {
        let answer = match self.pool.request(request).await {
            Ok(answer) => answer,
            Err(error) => return unanswered(&error),
        };
        let status = answer.status().as_u16();
        match Limited::new(answer.into_body(), LONGEST_ANSWER).collect().await {
            Ok(body) => answered(status, &body.to_bytes()),
            // The status came; whether it was the whole answer is open.
            Err(error) => Sent {
                outcome: Outcome::Info,
                status: Some(status),
                message: Some(format!("the answer broke off: {error}")),
            },
        }
    }
}

fn answered(status: u16, body: &[u8]) -> Sent {
    #[derive(serde::Deserialize)]
    struct Envelope {
        error: Option<bool>,
        message: Option<String>,
    }
    let envelope = serde_json::from_slice::<Envelope>(body).ok();
    let outcome = classify::answer(status, envelope.as_ref().and_then(|envelope| envelope.error));
    let message = (outcome != Outcome::Ok)
        .then(|| envelope.and_then(|envelope| envelope.message).unwrap_or_else(|| excerpt(body)));
    Sent { outcome, status: Some(status), message }
}

/// The beginning of an answer that is not in the usual shape.
fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(200).collect()
}

fn unanswered(error: &Error) -> Sent {
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        message += &format!(": {source}");
        cause = source.source();
    }
    Sent { outcome: classify::no_answer(error.is_connect()), status: None, message: Some(message) }
}
