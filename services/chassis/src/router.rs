//! Routes and layers that every HTTP service ends with.

use axum::Router;

use crate::health::{self, Readiness};
use crate::metrics::Metrics;
use crate::observation::Observation;
use crate::problem::{no_such_method, no_such_route};

/// Adds to the routes of a service those of its health and metrics, refusals in the shape of every other answer for what
/// it does not know, and the layers that see every request.
pub fn finish(routes: Router, readiness: Readiness, metrics: &Metrics) -> Router {
    routes
        // After the service's own layers, so that neither its deadline nor its body limit holds for these.
        .merge(health::router(readiness))
        .merge(metrics.router())
        .fallback(no_such_route)
        .method_not_allowed_fallback(no_such_method)
        // After the fallbacks, so that refusals are logged and counted too.
        .layer(Observation(metrics.clone()))
}
