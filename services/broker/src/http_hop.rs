//! JSON over HTTP to a dependency, on connections that are kept.

use std::time::Duration;

use bytes::Bytes;
use chassis::deadline::Deadline;
use chassis::gate::Gate;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use wire::headers::{REQUEST_TIMEOUT, TRACEPARENT};
use wire::trace::TraceContext;

use crate::margin::Hop;
use crate::outcome::Failure;

/// The largest answer that is read.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;

/// How long a connection is kept that nobody uses.
const KEEP_IDLE: Duration = Duration::from_secs(60);

/// The way to one dependency; clones share its connections.
#[derive(Debug, Clone)]
pub(crate) struct HttpHop {
    client: Client<HttpConnector, Full<Bytes>>,
    authority: Authority,
    gate: Gate,
}

/// What the dependency said, whatever it was.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: StatusCode,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// Its body, whole.
    pub(crate) body: Bytes,
}

/// A URL that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{given}\" must look like http://host:port, without a path")]
pub struct BadUrl {
    given: String,
}

impl HttpHop {
    /// The way to `url`; `gate` bounds how it is used.
    pub(crate) fn new(url: &str, gate: Gate, connect: Duration, keep: usize) -> Result<Self, BadUrl> {
        let authority = authority(url)?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(connect));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(KEEP_IDLE)
            .pool_max_idle_per_host(keep)
            .build(connector);
        Ok(Self { client, authority, gate })
    }

    /// The gate in front of it.
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Sends JSON and waits for the answer.
    pub(crate) async fn post(
        &self,
        route: &'static str,
        body: Vec<u8>,
        hop: Hop,
        trace: TraceContext,
    ) -> Result<Answer, Failure> {
        let request = self.request(Method::POST, route, body, hop.told, trace)?;
        let entered = self.gate.enter(hop.wait).await?;
        let answer = self.exchange(request, hop.wait).await;
        match answer {
            Ok(_) => entered.success(),
            Err(_) => entered.failure(),
        }
        answer
    }

    /// Asks without the gate: to see whether the dependency is there.
    pub(crate) async fn look(&self, route: &'static str, deadline: Deadline) -> Result<Answer, Failure> {
        let trace = chassis::telemetry::new_trace();
        let request = self.request(Method::GET, route, Vec::new(), deadline, trace)?;
        self.exchange(request, deadline).await
    }

    fn request(
        &self,
        method: Method,
        route: &'static str,
        body: Vec<u8>,
        told: Deadline,
        trace: TraceContext,
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let uri = Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(self.authority.clone())
            .path_and_query(PathAndQuery::from_static(route))
            .build();
        uri.and_then(|uri| {
            Request::builder()
                .method(method)
                .uri(uri)
                .header(CONTENT_TYPE, "application/json")
                .header(REQUEST_TIMEOUT, told.header_value())
                .header(TRACEPARENT, trace.to_string())
                .body(Full::new(Bytes::from(body)))
        })
        .map_err(|error| Failure::refused(format!("no request could be made of it: {error}")))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>, wait: Deadline) -> Result<Answer, Failure> {
        let name = self.gate.dependency();
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| {
                let told = chassis::run::Chain(&error).to_string();
                // Only an error of connecting is proof that nothing was sent.
                if error.is_connect() {
                    Failure::refused(format!("{name} can't be reached: {told}"))
                } else {
                    Failure::unknown(format!("{name} did not answer: {told}"))
                }
            })?;
            let (head, body) = response.into_parts();
            let whole = Limited::new(body, ANSWER_LIMIT).collect().await;
            let body = whole
                .map_err(|error| Failure::unknown(format!("the answer of {name} broke off: {error}")))?
                .to_bytes();
            Ok(Answer { status: head.status, headers: head.headers, body })
        };
        wait.bound(exchange)
            .await
            .unwrap_or_else(|_| Err(Failure::unknown(format!("{name} did not answer in time"))))
    }
}

impl Answer {
    /// Its `Retry-After`, if it is in seconds.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}

fn authority(url: &str) -> Result<Authority, BadUrl> {
    let bad = || BadUrl { given: url.chars().take(80).collect() };
    let parts = url.parse::<Uri>().map_err(|_| bad())?.into_parts();
    let bare = parts.path_and_query.is_none_or(|path| path == "/");
    match (parts.scheme, parts.authority) {
        (Some(scheme), Some(authority)) if scheme == Scheme::HTTP && bare => Ok(authority),
        _ => Err(bad()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_without_a_path_is_a_url_here() {
        assert_eq!(authority("http://logger:80").unwrap(), "logger:80");
        assert_eq!(authority("http://logger/").unwrap(), "logger");
        for bad in ["", "logger:80", "https://logger", "http://logger/v1", "http://", "http://a b"] {
            assert!(authority(bad).is_err(), "{bad}");
        }
    }
}
