//! Toxiproxy's HTTP API (2.12), for any of its clients.
//!
//! | module | content |
//! | --- | --- |
//! | [`routes`] | requests and what they do |
//! | [`shape`] | proxies and toxics as JSON |
//! | [`json`] | JSON as Go reads and writes it |
//! | [`answer`] | statuses, error bodies, content types |
//! | [`guard`] | requests that are refused |
//! | [`metrics`] | counters for Prometheus |

mod answer;
mod guard;
mod json;
mod metrics;
mod routes;
mod shape;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::registry::{NewProxy, Registry};
use super::shortage::DescriptorShortage;
use answer::{ApiAnswer, ApiError};

pub use guard::is_private;

/// Limit of a request body in bytes.
// Toxiproxy has no limit. This one only keeps a client from filling the memory.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// Time that a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Serves the API until dropped.
pub async fn serve(listener: TcpListener, registry: Arc<Registry>) {
    // In a set, so that all connections end when this future is dropped.
    let mut connections = JoinSet::new();
    let mut shortage = DescriptorShortage::new("the API".to_owned());
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let registry = Arc::clone(&registry);
                    let service = service_fn(move |request| answer(Arc::clone(&registry), request));
                    let mut server = hyper::server::conn::http1::Builder::new();
                    // A client that sends nothing must not keep a descriptor for ever.
                    server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
                    connections.spawn(server.serve_connection(TokioIo::new(stream), service));
                }
                Err(error) => shortage.handle(&listener, &error).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Parses the proxies of a configuration file, which has the format of the body of `/populate`.
///
/// # Errors
/// The text of the error.
pub fn read_config(text: &[u8]) -> Result<Vec<NewProxy>, String> {
    // Toxiproxy ignores toxics in its configuration file, as it does in every body.
    routes::requested_proxies(text, false).map_err(|error| error.message())
}

async fn answer(registry: Arc<Registry>, request: Request<Incoming>) -> Result<ApiAnswer, Infallible> {
    let mut answer = match guard::refusal(request.headers()) {
        Some(reason) => answer::text(StatusCode::FORBIDDEN, reason),
        None => route(&registry, request).await,
    };
    // Every answer has an id, also a refusal, of as many characters as Toxiproxy's.
    let id = Uuid::new_v4().simple().to_string();
    if let Some(Ok(id)) = id.get(..20).map(HeaderValue::from_str) {
        answer.headers_mut().insert("x-toxiproxy-request-id", id);
    }
    Ok(answer)
}

async fn route(registry: &Registry, request: Request<Incoming>) -> ApiAnswer {
    let (head, body) = request.into_parts();
    // Read before the route is known: a client that is still sending may lose an early answer to a reset.
    let body = match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return unreadable(error.as_ref()),
    };
    let Some(segments) = segments(head.uri.path()) else {
        return answer::text(StatusCode::NOT_FOUND, "404 page not found\n");
    };
    let with_toxics =
        head.uri.query().is_some_and(|query| query.split('&').any(|part| part == "toxics=true"));
    routes::answer(registry, routes::ApiRequest { method: &head.method, segments, with_toxics, body: &body })
        .await
}

fn unreadable(error: &(dyn std::error::Error + 'static)) -> ApiAnswer {
    let message = if error.is::<http_body_util::LengthLimitError>() {
        format!("larger than {BODY_LIMIT} bytes")
    } else {
        error.to_string()
    };
    ApiError::Body(json::BadBody(message)).answer()
}

/// Splits a path into decoded segments; none if it cannot be a route.
fn segments(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix('/')?;
    // Split before the escapes are decoded: %2F belongs to a name.
    let segments: Vec<String> = path.split('/').map(decode).collect::<Option<_>>()?;
    // No name is empty and no route ends in a slash, so Toxiproxy answers 404 too.
    (!segments.iter().any(String::is_empty)).then_some(segments)
}

/// Decodes the escapes of a segment; none if the result is no text.
fn decode(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(behind.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &behind[2..];
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    // Only the whole segment must be UTF-8: each byte of a character has an escape of its own.
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
