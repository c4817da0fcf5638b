//! Toxiproxy's HTTP API (that of 2.12), for any client of it.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`routes`] | which request does what |
//! | [`shape`] | proxies and toxics as they are taken and shown |
//! | [`json`] | JSON as Go takes it |
//! | [`answer`] | statuses, error bodies, content types |
//! | [`guard`] | who is not answered |
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
use super::shortage::Shortage;
use answer::{Answer, Refused};

pub use guard::is_private;

/// The largest body that is read.
const LARGEST: usize = 16 * 1024 * 1024;

/// How long a client may take to send the head of a request.
const HEAD_WITHIN: Duration = Duration::from_secs(30);

/// Serves the API until dropped.
pub async fn serve(listener: TcpListener, registry: Arc<Registry>) {
    let mut connections = JoinSet::new();
    let mut shortage = Shortage::new("the API".to_owned());
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let registry = Arc::clone(&registry);
                    let service = service_fn(move |request| answer(Arc::clone(&registry), request));
                    let mut server = hyper::server::conn::http1::Builder::new();
                    server.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
                    connections.spawn(server.serve_connection(TokioIo::new(stream), service));
                }
                Err(error) => shortage.met(&listener, &error).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// The proxies of a configuration file: the body of `/populate`.
///
/// # Errors
/// What is wrong with it, in words.
pub fn read_config(text: &[u8]) -> Result<Vec<NewProxy>, String> {
    routes::wanted(text, false).map_err(|refused| refused.told())
}

async fn answer(registry: Arc<Registry>, request: Request<Incoming>) -> Result<Answer, Infallible> {
    let mut answer = match guard::refusal(request.headers()) {
        Some(told) => answer::text(StatusCode::FORBIDDEN, told),
        None => checked(&registry, request).await,
    };
    let id = Uuid::new_v4().simple().to_string();
    if let Some(Ok(id)) = id.get(..20).map(HeaderValue::from_str) {
        answer.headers_mut().insert("x-toxiproxy-request-id", id);
    }
    Ok(answer)
}

async fn checked(registry: &Registry, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, LARGEST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return unread(error.as_ref()),
    };
    let Some(segments) = segments(head.uri.path()) else {
        return answer::text(StatusCode::NOT_FOUND, "404 page not found\n");
    };
    let with_toxics =
        head.uri.query().is_some_and(|query| query.split('&').any(|part| part == "toxics=true"));
    routes::answer(registry, routes::Request { method: &head.method, segments, with_toxics, body: &body })
        .await
}

fn unread(error: &(dyn std::error::Error + 'static)) -> Answer {
    let told = if error.is::<http_body_util::LengthLimitError>() {
        format!("larger than {LARGEST} bytes")
    } else {
        error.to_string()
    };
    Refused::Body(json::BadBody(told)).answer()
}

/// The decoded segments of a path; none for one that is no route.
fn segments(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix('/')?;
    let segments: Vec<String> = path.split('/').map(decoded).collect::<Option<_>>()?;
    // No name is empty, and no route ends in a slash.
    (!segments.iter().any(String::is_empty)).then_some(segments)
}

/// A segment with its escapes replaced; none if that is no text.
fn decoded(segment: &str) -> Option<String> {
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
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
