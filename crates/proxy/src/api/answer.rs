//! The answers of the API: Toxiproxy's statuses, bodies and content types.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;
use serde_json::json;

use super::super::proxy::{ProxyError, ToxicError};
use super::super::registry::RegistryError;
use super::json::{BadBody, encode};
use faultline_toxics::BadValue;

pub(super) type ApiAnswer = Response<Full<Bytes>>;

/// Failure of a request.
// Texts that Toxiproxy has too are word for word its own, since clients match them.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error(transparent)]
    Body(#[from] BadBody),
    #[error("missing required field: {0}")]
    Missing(String),
    #[error("invalid toxic type")]
    Kind,
    #[error("stream was invalid, can be either upstream or downstream")]
    Direction,
    #[error("bad request body: {0}")]
    Value(#[from] BadValue),
    #[error(transparent)]
    Proxy(#[from] RegistryError),
    #[error(transparent)]
    Toxic(#[from] ToxicError),
}

impl From<ProxyError> for ApiError {
    fn from(error: ProxyError) -> Self {
        Self::Proxy(RegistryError::Listen(error))
    }
}

impl ApiError {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Proxy(RegistryError::NotFound) | Self::Toxic(ToxicError::NotFound) => StatusCode::NOT_FOUND,
            Self::Proxy(RegistryError::Exists | RegistryError::ToxicExists)
            | Self::Toxic(ToxicError::Exists) => StatusCode::CONFLICT,
            // Toxiproxy gives no status of its own to an error of the system, and answers 500.
            Self::Proxy(RegistryError::Listen(_)) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// Returns the text that clients show to people.
    pub(super) fn message(&self) -> String {
        match self {
            // Toxiproxy answers the error of the system alone.
            Self::Proxy(RegistryError::Listen(error)) => error.source.to_string(),
            other => other.to_string(),
        }
    }

    pub(super) fn answer(&self) -> ApiAnswer {
        #[derive(Serialize)]
        struct ErrorBody {
            error: String,
            status: u16,
        }
        let status = self.status();
        let body = encode(&ErrorBody { error: self.message(), status: status.as_u16() });
        // Go's http.Error, by which Toxiproxy answers, adds the line break and replaces application/json.
        text(status, format!("{body}\n"))
    }
}

pub(super) fn json(status: StatusCode, body: &impl Serialize) -> ApiAnswer {
    with_type(status, "application/json", encode(body))
}

pub(super) fn text(status: StatusCode, body: impl Into<Bytes>) -> ApiAnswer {
    with_type(status, "text/plain; charset=utf-8", body)
}

pub(super) fn with_type(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> ApiAnswer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

pub(super) fn empty(status: StatusCode) -> ApiAnswer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}

pub(super) fn version() -> ApiAnswer {
    let body = format!("{}\n", json!({ "version": env!("CARGO_PKG_VERSION") }));
    // Toxiproxy writes this type without a space, and only for the version.
    with_type(StatusCode::OK, "application/json;charset=utf-8", body)
}
