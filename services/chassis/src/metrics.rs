//! Prometheus text at `/metrics`, and what is counted of every HTTP request.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

use crate::breaker::Breaker;
use crate::problem::Problem;

/// Upper bounds of latency histograms, in seconds.
pub const LATENCY_BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The metrics of one service; clones share them. Each application has its own, so that several can live
/// in one process.
#[derive(Clone)]
pub struct Metrics(Arc<ServiceMetrics>);

// Behind one pointer: every request clones the metrics.
struct ServiceMetrics {
    registry: Mutex<Registry>,
    requests: Family<RequestLabels, Counter>,
    latency: Family<RouteLabels, Histogram>,
    breakers: Family<DependencyLabels, Gauge>,
    watched: Mutex<Vec<(DependencyLabels, Breaker)>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: RouteLabel,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: RouteLabel,
}

/// Route of a request as a label; none for all that the service does not have.
// Shared by them, so that a scan can't fill the memory with labels. The path itself, which axum shares between requests:
// a text of its own would be an allocation for each of them.
#[derive(Debug, Clone)]
pub(crate) struct RouteLabel(pub(crate) Option<MatchedPath>);

impl RouteLabel {
    fn text(&self) -> &str {
        self.0.as_ref().map_or("unknown", MatchedPath::as_str)
    }
}

impl PartialEq for RouteLabel {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for RouteLabel {}

impl Hash for RouteLabel {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text().hash(state);
    }
}

impl EncodeLabelValue for RouteLabel {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        self.text().encode(encoder)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DependencyLabels {
    dependency: String,
}

impl Metrics {
    /// The metrics that every service has.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let requests = Family::<RequestLabels, Counter>::default();
        let latency =
            Family::<RouteLabels, Histogram>::new_with_constructor(|| Histogram::new(LATENCY_BUCKETS));
        let breakers = Family::<DependencyLabels, Gauge>::default();
        // Counters are named without `_total`, which the encoder appends.
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register("http_request_duration_seconds", "Time to the answer", latency.clone());
        registry.register("circuit_breaker_state", "0 closed, 1 half-open, 2 open", breakers.clone());
        let (registry, watched) = (Mutex::new(registry), Mutex::default());
        Self(Arc::new(ServiceMetrics { registry, requests, latency, breakers, watched }))
    }

    /// Adds a metric of the service's own.
    pub fn register(&self, name: &str, help: &str, metric: impl Metric) {
        let mut registry = self.0.registry.lock().unwrap_or_else(PoisonError::into_inner);
        registry.register(name, help, metric);
    }

    /// Shows the state of a breaker.
    pub fn watch(&self, dependency: &str, breaker: &Breaker) {
        let labels = DependencyLabels { dependency: dependency.to_owned() };
        self.0.watched.lock().unwrap_or_else(PoisonError::into_inner).push((labels, breaker.clone()));
    }

    /// The route `/metrics`.
    pub fn router(&self) -> Router {
        Router::new().route("/metrics", get(show)).with_state(self.clone())
    }

    /// Counts an answered request by its route and status, with the time to the answer.
    pub(crate) fn count(&self, route: &RouteLabel, status: StatusCode, time: Duration) {
        let labels = RouteLabels { route: route.clone() };
        self.0.latency.get_or_create(&labels).observe(time.as_secs_f64());
        let labels = RequestLabels { route: labels.route, status: status.as_u16() };
        self.0.requests.get_or_create(&labels).inc();
    }

    fn text(&self) -> Result<String, std::fmt::Error> {
        // On request only: an open breaker turns half-open by time alone, without an event to act on.
        for (labels, breaker) in self.0.watched.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            self.0.breakers.get_or_create(labels).set(breaker.state() as i64);
        }
        let mut text = String::new();
        encode(&mut text, &self.0.registry.lock().unwrap_or_else(PoisonError::into_inner))?;
        Ok(text)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

async fn show(State(metrics): State<Metrics>) -> Response {
    // OpenMetrics is what prometheus_client writes: counters end with `_total`, and the last line is `# EOF`.
    const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match metrics.text() {
        Ok(text) => ([(CONTENT_TYPE, TEXT)], text).into_response(),
        Err(error) => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
