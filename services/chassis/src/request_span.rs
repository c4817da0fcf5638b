//! Span around the logs of a request.

use std::task::{Context, Poll};

use axum::extract::Request;
use tower::{Layer, Service};
use tracing::Instrument;
use tracing::instrument::Instrumented;
use wire::trace::TraceContext;

/// Layer that puts a request's logs into a span with its trace, path and entry.
// For routes that ask other services or a store. A ping, a health check and the metrics log nothing, and a span costs more
// than their own work.
#[derive(Debug, Clone, Copy)]
pub struct RequestSpan;

/// Service whose requests have a span.
#[derive(Debug, Clone)]
pub struct SpanService<S>(S);

impl<S> Layer<S> for RequestSpan {
    type Service = SpanService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SpanService(inner)
    }
}

impl<S: Service<Request>> Service<Request> for SpanService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = Instrumented<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let trace = request.extensions().get().map_or(0, |trace: &TraceContext| trace.trace_id());
        // The entry's id is recorded by whoever finds it out.
        let span = tracing::info_span!(
            "request",
            trace = %format_args!("{trace:032x}"),
            path = request.uri().path(),
            entry = tracing::field::Empty,
        );
        let work = span.in_scope(|| self.0.call(request));
        work.instrument(span)
    }
}
