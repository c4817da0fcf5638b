//! What is known of a hop that did not succeed, and the status that says so.

use std::time::Duration;

use chassis::gate::Closed;
use chassis::problem::Problem;
use http::StatusCode;

/// When to try again, where the dependency does not say.
pub(crate) const RETRY: Duration = Duration::from_secs(1);

/// A hop that did not succeed. The difference between the variants is the promise of the service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// The gate was closed: nothing was sent.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// Surely without an effect: nothing was sent, or the dependency said so.
    #[error("{message}")]
    Refused {
        /// What happened.
        message: String,
        /// When to try again.
        retry_after: Duration,
    },
    /// It may have had an effect.
    #[error("{0}")]
    Unknown(String),
    /// The caller's mistake, in the dependency's words.
    #[error("{message}")]
    Mistake {
        /// 400, 401, 409, 413 or 429.
        status: StatusCode,
        /// What is wrong.
        message: String,
        /// When to try again, if that helps.
        retry_after: Option<Duration>,
    },
}

impl Failure {
    /// Surely without an effect; worth another try in a second.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::Refused { message: message.into(), retry_after: RETRY }
    }

    /// May have had an effect.
    pub(crate) fn unknown(message: impl Into<String>) -> Self {
        Self::Unknown(message.into())
    }

    /// The caller's mistake.
    pub(crate) fn mistake(status: StatusCode, message: impl Into<String>) -> Self {
        Self::Mistake { status, message: message.into(), retry_after: None }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Closed(closed) => closed.into(),
            Failure::Refused { message, retry_after } => Self::unavailable(message, retry_after),
            Failure::Unknown(message) => Self::unknown(message),
            Failure::Mistake { status, message, retry_after: None } => Self::new(status, message),
            Failure::Mistake { status, message, retry_after: Some(wait) } => {
                Self::new(status, message).retry_after(wait)
            }
        }
    }
}
