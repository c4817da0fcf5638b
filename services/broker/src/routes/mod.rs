//! Routes, a module each, and what they have in common.

mod authentication;
mod grpc_logger;
mod json_logger;
mod logs;
mod ping;
mod rabbitmq_logger;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use chassis::deadline::DeadlineLayer;
use chassis::health::Readiness;
use chassis::metrics::Metrics;
use chassis::problem::Problem;
use chassis::request_span::RequestSpan;
use http::StatusCode;
use wire::entry::{self, InvalidEntry};

use crate::amqp::Publisher;
use crate::authentication::Authentication;
use crate::cors::PagesLayer;
use crate::grpc_logger::GrpcLogger;
use crate::json_logger::JsonLogger;

/// Clients of every dependency, for the routes.
#[derive(Debug)]
pub(crate) struct Dependencies {
    /// The authentication service.
    pub(crate) authentication: Authentication,
    /// The logger by JSON.
    pub(crate) json_logger: JsonLogger,
    /// The logger by gRPC.
    pub(crate) grpc_logger: GrpcLogger,
    /// RabbitMQ.
    pub(crate) publisher: Publisher,
}

/// Bounds of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Time for a request that brings none.
    pub(crate) request_timeout: Duration,
    /// The largest body in bytes.
    pub(crate) body: usize,
}

/// Every route of the service.
pub(crate) fn router(
    dependencies: Arc<Dependencies>,
    limits: Limits,
    pages: PagesLayer,
    readiness: Readiness,
    metrics: &Metrics,
) -> Router {
    let routes = Router::new()
        .route("/authentication", post(authentication::authenticate))
        .route("/grpc-logger", post(grpc_logger::log))
        .route("/json-logger", post(json_logger::log))
        .route("/rabbitmq-logger", post(rabbitmq_logger::log))
        .route("/logs", get(logs::read))
        .layer(RequestSpan)
        .route("/", post(ping::ping))
        .with_state(dependencies)
        // One layer for both, since each boxes the routes below it anew for every request. The limit holds for bodies of
        // every route, before anything is read.
        .layer((DeadlineLayer(limits.request_timeout), DefaultBodyLimit::max(limits.body)));
    // CORS before the counting: a page may read refusals too. Preflights, which it answers itself, are not counted.
    chassis::router::finish_with(routes, readiness, metrics, pages)
}

/// Checks that an entry can be stored.
fn check(name: &str, data: &str) -> Result<(), Problem> {
    entry::check(name, data).map_err(|invalid| match invalid {
        InvalidEntry::TooLong { .. } => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, invalid.to_string()),
        InvalidEntry::Empty(_) | InvalidEntry::Nul { .. } => Problem::bad_request(invalid.to_string()),
    })
}
