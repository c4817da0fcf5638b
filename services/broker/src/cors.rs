//! Pages that may use the broker from a browser.
//!
//! A browser sends requests of any page to any address it reaches, 127.0.0.1 among them. What keeps a stranger's page
//! from reading `/logs` or trying passwords is that the broker names the origins whose pages may read its answers.

use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::Response;
use futures::future::Either;
use http::header::{CONTENT_TYPE, ORIGIN, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Method};
use tower::{Layer, Service};
use tower_http::cors::{AllowOrigin, Cors, CorsLayer};
use wire::headers::{IDEMPOTENCY_KEY, REQUEST_TIMEOUT};

/// Origins of our own page: compose's container, Vite's servers for work and for preview, and the live lab.
// To a browser, localhost and 127.0.0.1 are different origins.
pub(crate) const PAGES: &str = "http://localhost:8081,http://127.0.0.1:8081,\
    http://localhost:5173,http://127.0.0.1:5173,http://localhost:4173,http://127.0.0.1:4173,\
    http://localhost:8475,http://127.0.0.1:8475";

/// Layer that lets pages of some origins in.
// CORS is asked only by requests with an origin: programs send none, and its lists are copied for each request.
#[derive(Debug, Clone)]
pub(crate) struct PagesLayer(Arc<CorsLayer>);

/// Service that pages may use.
#[derive(Debug, Clone)]
pub(crate) struct PagesService<S> {
    inner: S,
    cors: Arc<CorsLayer>,
}

impl<S> Layer<S> for PagesLayer {
    type Service = PagesService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        PagesService { inner, cors: Arc::clone(&self.0) }
    }
}

impl<S: Service<Request, Response = Response> + Clone> Service<Request> for PagesService<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = Either<S::Future, <Cors<S> as Service<Request>>::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if request.headers().contains_key(ORIGIN) {
            // The clone is ready as the original is: axum's routes always are.
            Either::Right(self.cors.layer(self.inner.clone()).call(request))
        } else {
            Either::Left(self.inner.call(request))
        }
    }
}

/// Makes the layer that lets pages of these origins in; `*` is any http or https origin.
pub(crate) fn layer(origins: &[String]) -> PagesLayer {
    PagesLayer(Arc::new(cors(origins)))
}

fn cors(origins: &[String]) -> CorsLayer {
    let origins: Vec<String> = origins.iter().map(|origin| origin.trim().to_owned()).collect();
    let allowed = AllowOrigin::predicate(move |origin, _| is_allowed(&origins, origin));
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            CONTENT_TYPE,
            HeaderName::from_static(IDEMPOTENCY_KEY),
            HeaderName::from_static(REQUEST_TIMEOUT),
        ])
        // Retry-After is none of the headers that a browser shows to a page by itself.
        .expose_headers([RETRY_AFTER])
}

fn is_allowed(origins: &[String], origin: &HeaderValue) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    // `*` does not include `null`, the origin of files and of sandboxed frames.
    let web = origin.starts_with("http://") || origin.starts_with("https://");
    origins.iter().any(|allowed| if allowed == "*" { web } else { allowed == origin })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(origins: &[&str], origin: &'static str) -> bool {
        let origins: Vec<String> = origins.iter().map(|&origin| origin.to_owned()).collect();
        is_allowed(&origins, &HeaderValue::from_static(origin))
    }

    #[test]
    fn the_origins_of_our_page_are_whole_origins() {
        let pages: Vec<&str> = PAGES.split(',').collect();
        assert_eq!(pages.len(), 8);
        for page in &pages {
            let uri: http::Uri = page.parse().unwrap();
            assert!(uri.port().is_some() && !page.ends_with('/'), "{page}");
            assert!(allowed(&pages, page));
        }
        for stranger in ["https://evil.example", "http://localhost", "http://localhost:80811", "null"] {
            assert!(!allowed(&pages, stranger), "{stranger}");
        }
    }

    #[test]
    fn any_web_origin_or_those_that_are_listed() {
        assert!(allowed(&["*"], "http://localhost:5173"));
        assert!(!allowed(&["*"], "null"));
        assert!(allowed(&["http://a", "http://b"], "http://b"));
        assert!(!allowed(&["http://a"], "http://b"));
    }
}
