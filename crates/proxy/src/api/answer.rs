//! What the API answers: Toxiproxy's statuses, bodies and content types.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;
use serde_json::json;

use super::super::registry::RegistryError;
use super::super::single::{ProxyError, ToxicError};
use super::json::{BadBody, written};
use faultline_toxics::BadValue;

pub(super) type Answer = Response<Full<Bytes>>;

/// Why something is not done, in Toxiproxy's words.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
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

impl From<ProxyError> for Refused {
    fn from(error: ProxyError) -> Self {
        Self::Proxy(RegistryError::Listen(error))
    }
}

impl Refused {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Proxy(RegistryError::NotFound) | Self::Toxic(ToxicError::NotFound) => StatusCode::NOT_FOUND,
            Self::Proxy(RegistryError::Exists | RegistryError::ToxicExists)
            | Self::Toxic(ToxicError::Exists) => StatusCode::CONFLICT,
            Self::Proxy(RegistryError::Listen(_)) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// What clients show to people.
    pub(super) fn told(&self) -> String {
        match self {
            // Toxiproxy tells the system's word alone.
            Self::Proxy(RegistryError::Listen(error)) => error.source.to_string(),
            other => other.to_string(),
        }
    }

    pub(super) fn answer(&self) -> Answer {
        #[derive(Serialize)]
        struct Told {
            error: String,
            status: u16,
        }
        let status = self.status();
        let told = written(&Told { error: self.told(), status: status.as_u16() });
        text(status, format!("{told}\n"))
    }
}

pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    with_type(status, "application/json", written(body))
}

pub(super) fn text(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    with_type(status, "text/plain; charset=utf-8", body)
}

pub(super) fn with_type(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

pub(super) fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}

pub(super) fn version() -> Answer {
    let body = format!("{}\n", json!({ "version": env!("CARGO_PKG_VERSION") }));
    with_type(StatusCode::OK, "application/json;charset=utf-8", body)
}
