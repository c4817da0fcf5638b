//! Routes, a module each, and what they have in common.

mod authentication;
mod grpc_logger;
mod json_logger;
mod logs;
mod ping;
mod rabbitmq_logger;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use chassis::health::Readiness;
use chassis::metrics::Metrics;
use chassis::problem::Problem;
use chassis::request_span::RequestSpan;
use chassis::router::Limits;
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
        .with_state(dependencies);
    // CORS is outermost: a page may read refusals too. Preflights, which it answers itself, are not counted.
    chassis::router::complete(routes, readiness, metrics)
        .layer((pages, chassis::router::layers(limits, metrics)))
}

/// Checks that an entry can be stored.
fn check(name: &str, data: &str) -> Result<(), Problem> {
    entry::check(name, data).map_err(|invalid| match invalid {
        InvalidEntry::TooLong { .. } => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, invalid.to_string()),
        InvalidEntry::Empty(_) | InvalidEntry::Nul { .. } => Problem::bad_request(invalid.to_string()),
    })
}
