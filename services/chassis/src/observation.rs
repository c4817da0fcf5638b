//! Observation of every request: its trace context in its extensions, and its count and latency in the metrics.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::metrics::{Metrics, RouteLabel};
use crate::telemetry::trace_of;

/// Layer that observes every request.
// A service by hand, as the other layers of the chassis: axum's middleware from a function clones all services below it
// for each request, so that the copies grow with the square of the layers: it was 43 for a ping.
#[derive(Clone)]
pub struct Observation(pub(crate) Metrics);

/// Service whose requests are observed.
#[derive(Clone)]
pub struct ObservedService<S> {
    inner: S,
    metrics: Metrics,
}

impl<S> Layer<S> for Observation {
    type Service = ObservedService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ObservedService { inner, metrics: self.0.clone() }
    }
}

impl<S> Service<Request> for ObservedService<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = ObservedFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let begun = Instant::now();
        let route = request.extensions().get::<MatchedPath>().cloned();
        let trace = trace_of(request.headers());
        request.extensions_mut().insert(trace);
        let work = self.inner.call(request);
        ObservedFuture { work, metrics: self.metrics.clone(), route: RouteLabel(route), begun }
    }
}

pin_project! {
    /// Work on a request that is observed.
    pub struct ObservedFuture<F> {
        #[pin]
        work: F,
        metrics: Metrics,
        route: RouteLabel,
        begun: Instant,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for ObservedFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.work.poll(context));
        if let Ok(response) = &result {
            this.metrics.count(this.route, response.status(), this.begun.elapsed());
        }
        Poll::Ready(result)
    }
}
