//! Routes and layers that every HTTP service ends with.

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;

use crate::deadline::DeadlineLayer;
use crate::drain_body::DrainBody;
use crate::health::{self, Readiness};
use crate::metrics::Metrics;
use crate::observation::Observation;
use crate::problem::{no_such_method, no_such_route};

/// Limits of every request.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Time for a request that brings none.
    pub request_timeout: Duration,
    /// The largest body in bytes.
    pub body: usize,
}

/// Layers that see every request of a service, from the outermost to the innermost.
pub type RequestLayers = (DrainBody, Observation, DeadlineLayer, DefaultBodyLimit);

/// Makes the layers that see every request of a service. A service that has one of its own puts both into one tuple, since
/// each layer of a router boxes the routes below it anew for every request.
pub fn layers(limits: Limits, metrics: &Metrics) -> RequestLayers {
    // The body is drained outermost: whichever layer refuses a request, the rest is read. The deadline comes before the
    // limit of the body, whose reading takes time.
    (
        DrainBody,
        Observation(metrics.clone()),
        DeadlineLayer(limits.request_timeout),
        DefaultBodyLimit::max(limits.body),
    )
}

/// Adds to the routes of a service those of its health and metrics, and refusals in the shape of every other answer for
/// what it does not know. The layers of [`layers`] come after them, so that refusals are counted too.
pub fn complete(routes: Router, readiness: Readiness, metrics: &Metrics) -> Router {
    routes
        .merge(health::router(readiness))
        .merge(metrics.router())
        .fallback(no_such_route)
        .method_not_allowed_fallback(no_such_method)
}

/// Completes the routes of a service that has no layer of its own for every request.
pub fn finish(routes: Router, limits: Limits, readiness: Readiness, metrics: &Metrics) -> Router {
    complete(routes, readiness, metrics).layer(layers(limits, metrics))
}
