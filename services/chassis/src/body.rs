//! The JSON body of a request, refused with a reason in the shape of every other answer.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use wire::json;

use crate::problem::Problem;

/// A JSON object, read whole and checked. 415 for another content type, 413 beyond the body limit, 400 for
/// anything that is not the JSON of `T`.
#[derive(Debug, Clone, Copy)]
pub struct Body<T>(pub T);

impl<T, S> FromRequest<S> for Body<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        check_content_type(request.headers())?;
        let bytes = Bytes::from_request(request, state).await.map_err(|error| unread(&error))?;
        if bytes.is_empty() {
            return Err(Problem::bad_request("body: expected a JSON object, found nothing; it is empty"));
        }
        // Not serde_json alone: serde takes a list of a struct's values in their order for the struct, and ["name",
        // "data"] was stored as an entry.
        json::object(&bytes).map(Self).map_err(|error| unexpected(&error))
    }
}

/// Any JSON of `T` or none: like [`Body`], but nothing at all is taken for nothing, whatever the content type.
#[derive(Debug, Clone, Copy)]
pub struct MaybeBody<T>(pub Option<T>);

impl<T, S> FromRequest<S> for MaybeBody<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        // Before the body is read, which consumes the request; it counts only if there is a body.
        let checked = check_content_type(request.headers());
        let bytes = Bytes::from_request(request, state).await.map_err(|error| unread(&error))?;
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        checked?;
        serde_json::from_slice(&bytes).map(|value| Self(Some(value))).map_err(|error| unexpected(&error))
    }
}

// It also keeps the pages of others out: a browser sends JSON to another origin only after a preflight, which
// CORS refuses. Forms and plain text it would send at once.
fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Err(unsupported("none"));
    };
    let text = value.to_str().unwrap_or("not readable");
    // Parameters do not matter: JSON is UTF-8 whatever `charset` says (RFC 8259).
    let kind = text.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    // `+json` marks other types that are JSON, such as `application/problem+json` (RFC 6839).
    if kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json")) {
        return Ok(());
    }
    Err(unsupported(text))
}

fn unsupported(found: &str) -> Problem {
    // Bounded: the answer repeats it, and a header may have kilobytes.
    let found: String = found.chars().take(80).collect();
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        format!("header Content-Type: expected application/json, found {found}"),
    )
}

fn unread(error: &BytesRejection) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than this route takes");
    }
    Problem::bad_request(format!("body: it could not be read: {error}"))
}

/// Tells a mistake with its place.
fn unexpected(error: &serde_json::Error) -> Problem {
    Problem::bad_request(format!("body: {error}"))
}
