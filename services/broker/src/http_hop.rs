//! JSON over HTTP to a dependency, on connections that are kept.

use std::time::Duration;

use bytes::Bytes;
use chassis::breaker::Conduct;
use chassis::deadline::{Deadline, Passed};
use chassis::gate::Gate;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::Instant;
use wire::entry::MAX_JSON;
use wire::headers::{REQUEST_TIMEOUT, TRACEPARENT};
use wire::trace::TraceContext;

use crate::hop_deadline::HopDeadlines;
use crate::outcome::Failure;

/// The largest answer that is read.
// The logger repeats the entry. The broker may be set to take any entry, so every one must be read back.
const ANSWER_LIMIT: usize = MAX_JSON;

/// Time for which a connection is kept that nobody uses.
const KEEP_IDLE: Duration = Duration::from_secs(60);

/// The way to one dependency; clones share its connections.
#[derive(Debug, Clone)]
pub(crate) struct HttpHop {
    client: Client<HttpConnector, Full<Bytes>>,
    authority: Authority,
    gate: Gate,
}

/// Answer of the dependency, whatever its status.
#[derive(Debug, Clone)]
pub(crate) struct HopAnswer {
    /// Status.
    pub(crate) status: StatusCode,
    /// Headers.
    pub(crate) headers: HeaderMap,
    /// Body, whole.
    pub(crate) body: Bytes,
}

/// A URL that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected http://host:port without a path, found \"{given}\"")]
pub struct BadHttpUrl {
    given: String,
}

impl HttpHop {
    /// The way to `url`; `gate` bounds how it is used.
    pub(crate) fn new(url: &str, gate: Gate, connect: Duration, keep: usize) -> Result<Self, BadHttpUrl> {
        let authority = authority(url)?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(connect));
        // The client repeats a request only if a kept connection broke before any of it was written.
        let client = Client::builder(TokioExecutor::new())
            // Without a timer idle connections stay open until a request looks at them.
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(KEEP_IDLE)
            // As many as may be in use: fewer would be closed after each peak and made anew at the next.
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
        hop: HopDeadlines,
        trace: TraceContext,
    ) -> Result<HopAnswer, Failure> {
        let entered = self.gate.enter(hop.wait).await?;
        // After the wait for a place: its header holds the time that is left, from the moment at which it is written.
        let request = self.request(Method::POST, route, body, hop.told, trace)?;
        let sent = Some(Instant::now());
        let answer = hop.wait.bound(self.exchange(request)).await;
        entered.end(match &answer {
            Ok(Ok(_)) => Conduct::Answered,
            Ok(Err(_)) => Conduct::Broken,
            Err(Passed) => Conduct::Silent { sent },
        });
        answer.unwrap_or_else(|Passed| Err(self.too_late()))
    }

    /// Asks without the gate: to see whether the dependency is there.
    pub(crate) async fn look(&self, route: &'static str, deadline: Deadline) -> Result<HopAnswer, Failure> {
        let trace = chassis::telemetry::new_trace();
        // Past the gate: a look must find a dependency alive though its breaker is open.
        let request = self.request(Method::GET, route, Vec::new(), deadline, trace)?;
        deadline.bound(self.exchange(request)).await.unwrap_or_else(|Passed| Err(self.too_late()))
    }

    fn too_late(&self) -> Failure {
        Failure::unknown(format!("{} did not answer in time", self.gate.dependency()))
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

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<HopAnswer, Failure> {
        let name = self.gate.dependency();
        let response = self.client.request(request).await.map_err(|error| {
            let causes = chassis::run::Chain(&error).to_string();
            // Only an error of connecting is proof that nothing was sent.
            if error.is_connect() {
                Failure::refused(format!("{name} can't be reached: {causes}"))
            } else {
                Failure::unknown(format!("{name} did not answer: {causes}"))
            }
        })?;
        let (head, body) = response.into_parts();
        // Bounded: a dependency that answers without an end must not take the broker's memory.
        let whole = Limited::new(body, ANSWER_LIMIT).collect().await;
        let body = whole
            .map_err(|error| Failure::unknown(format!("the answer of {name} broke off: {error}")))?
            .to_bytes();
        Ok(HopAnswer { status: head.status, headers: head.headers, body })
    }
}

impl HopAnswer {
    /// Reads `Retry-After`, if it is in seconds.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}

fn authority(url: &str) -> Result<Authority, BadHttpUrl> {
    let bad = || BadHttpUrl { given: url.chars().take(80).collect() };
    let parts = url.parse::<Uri>().map_err(|_| bad())?.into_parts();
    let bare = parts.path_and_query.is_none_or(|path| path == "/");
    match (parts.scheme, parts.authority) {
        (Some(scheme), Some(authority)) if scheme == Scheme::HTTP && bare => Ok(authority),
        _ => Err(bad()),
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use chassis::breaker::BreakerSettings;
    use tokio::net::TcpListener;
    use wire::entry::{MAX_DATA, MAX_NAME, StoredEntry, Via};
    use wire::envelope::Envelope;

    use super::*;

    /// A hop with one place, to a server that `routes` answer.
    async fn hop_to(routes: Router) -> HttpHop {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let gate = Gate::new("logger", BreakerSettings::default(), 1, 1);
        HttpHop::new(&url, gate, Duration::from_secs(5), 1).unwrap()
    }

    #[tokio::test]
    async fn the_largest_entry_is_read_back() {
        let data = "\u{1}".repeat(MAX_DATA);
        let entry = StoredEntry {
            id: "i".into(),
            name: "\u{1}".repeat(MAX_NAME),
            data,
            created_at: crate::grpc_logger::now(),
            via: Some(Via::Json.as_str().into()),
        };
        let answer = serde_json::to_vec(&Envelope::of("stored", entry)).unwrap();
        let repeated = answer.clone();
        let hop = hop_to(Router::new().fallback(async move || repeated)).await;
        let deadlines = HopDeadlines::within(Deadline::after(Duration::from_secs(60)));
        let read = hop.post("/log", Vec::new(), deadlines, TraceContext::new(1, 1)).await.unwrap();
        assert!(read.body == answer, "{} of {} bytes", read.body.len(), answer.len());
    }

    #[tokio::test]
    async fn a_wait_for_a_place_gives_the_next_service_no_more_time() {
        let told = async |headers: HeaderMap| headers[REQUEST_TIMEOUT].to_str().unwrap().to_owned();
        let hop = hop_to(Router::new().fallback(told)).await;
        let deadlines = HopDeadlines::within(Deadline::after(Duration::from_secs(60)));
        let held = hop.gate().enter(deadlines.wait).await.unwrap();
        let post = hop.post("/log", Vec::new(), deadlines, TraceContext::new(1, 1));
        let release = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            held.end(Conduct::Answered);
            deadlines.told.remaining()
        };
        let (answer, left) = tokio::join!(post, release);
        let told: f64 = std::str::from_utf8(&answer.unwrap().body).unwrap().parse().unwrap();
        // The header has milliseconds, rounded.
        assert!(told <= left.as_secs_f64() + 0.001, "{told} s are told where {left:?} are left");
    }

    #[test]
    fn only_plain_http_without_a_path_is_a_url_here() {
        assert_eq!(authority("http://logger:80").unwrap(), "logger:80");
        assert_eq!(authority("http://logger/").unwrap(), "logger");
        for bad in ["", "logger:80", "https://logger", "http://logger/v1", "http://", "http://a b"] {
            assert!(authority(bad).is_err(), "{bad}");
        }
    }
}
