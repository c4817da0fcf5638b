//! Routes and layers that every HTTP service ends with.

use std::convert::Infallible;

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse;
use axum::routing::Route;
use tower::{Layer, Service};

use crate::drain_body::{DrainBody, DrainedService};
use crate::health::{self, Readiness};
use crate::metrics::Metrics;
use crate::observation::{Observation, ObservedService};
use crate::problem::{no_such_method, no_such_route};

/// Adds to the routes of a service those of its health and metrics, refusals in the shape of every other answer for what
/// it does not know, and the layers that see every request.
pub fn finish(routes: Router, readiness: Readiness, metrics: &Metrics) -> Router {
    finish_with(routes, readiness, metrics, ())
}

/// Does what [`finish`] does, with a layer of the service's own that sees every request before it is counted.
pub fn finish_with<L>(routes: Router, readiness: Readiness, metrics: &Metrics, outer: L) -> Router
where
    L: Layer<ObservedService<Route>> + Clone + Send + Sync + 'static,
    DrainedService<L::Service>: Service<Request> + Clone + Send + Sync + 'static,
    <DrainedService<L::Service> as Service<Request>>::Response: IntoResponse + 'static,
    <DrainedService<L::Service> as Service<Request>>::Error: Into<Infallible> + 'static,
    <DrainedService<L::Service> as Service<Request>>::Future: Send + 'static,
{
    routes
        .merge(health::router(readiness))
        .merge(metrics.router())
        .fallback(no_such_route)
        .method_not_allowed_fallback(no_such_method)
        // After the fallbacks, so that refusals are counted too. One layer for all, since each boxes the routes below it
        // anew for every request. The body is drained outermost: whichever layer refuses a request, the rest is read.
        .layer((DrainBody, outer, Observation(metrics.clone())))
}
