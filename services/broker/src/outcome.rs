//! Failures of a hop, and the status that says what is known.

use std::time::Duration;

use chassis::gate::GateClosed;
use chassis::problem::Problem;
use http::StatusCode;

/// Time until another attempt, where the dependency does not say.
pub(crate) const RETRY: Duration = Duration::from_secs(1);

/// A hop that did not succeed.
// The difference between the variants is the promise of the service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// The gate was closed: nothing was sent.
    #[error(transparent)]
    Closed(#[from] GateClosed),
    /// Surely without an effect: nothing was sent, or the dependency said so.
    #[error("{message}")]
    Refused {
        /// Message for people.
        message: String,
        /// Time until another attempt.
        retry_after: Duration,
    },
    /// Outcome unknown: it may have had an effect.
    #[error("{0}")]
    Unknown(String),
    /// The caller's mistake, in the dependency's words.
    #[error("{message}")]
    Mistake {
        /// 400, 401, 409, 413 or 429.
        status: StatusCode,
        /// Mistake, in the dependency's words.
        message: String,
        /// Time until another attempt, if that helps.
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
            // 504, never 503: a caller that takes it for a refusal would send the entry anew under another id.
            Failure::Unknown(message) => Self::unknown(message),
            Failure::Mistake { status, message, retry_after: None } => Self::new(status, message),
            Failure::Mistake { status, message, retry_after: Some(wait) } => {
                Self::new(status, message).retry_after(wait)
            }
        }
    }
}
