//! What came of a request: from its answer, or from what was there instead of one. Pure.

use std::fmt::Display;

use super::classify;
use crate::history::Outcome;

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// In Jepsen's terms.
    pub outcome: Outcome,
    /// The status of the answer, where there was one.
    pub status: Option<u16>,
    /// For all but `ok`: what the answer or the connection said.
    pub message: Option<String>,
}

impl Sent {
    /// A request that surely had no effect, and why.
    #[must_use]
    pub fn never(why: String) -> Self {
        Self { outcome: classify::no_answer(true), status: None, message: Some(why) }
    }

    /// A request of which nothing is known, and why.
    #[must_use]
    pub fn unknown(why: String) -> Self {
        Self { outcome: classify::no_answer(false), status: None, message: Some(why) }
    }
}

/// An answer that came whole.
pub(super) fn whole(status: u16, body: &[u8]) -> Sent {
    #[derive(serde::Deserialize)]
    struct Envelope<'a> {
        error: Option<bool>,
        #[serde(borrow)]
        message: Option<std::borrow::Cow<'a, str>>,
    }
    let envelope = serde_json::from_slice::<Envelope<'_>>(body).ok();
    let outcome = classify::answer(status, envelope.as_ref().and_then(|envelope| envelope.error));
    let message = (outcome != Outcome::Ok).then(|| {
        envelope
            .and_then(|envelope| envelope.message)
            .map_or_else(|| excerpt(body), |message| message.into_owned())
    });
    Sent { outcome, status: Some(status), message }
}

/// An answer of which only the beginning came: whether it would have been the whole one is open.
pub(super) fn broken(status: u16, error: &dyn Display) -> Sent {
    Sent {
        outcome: Outcome::Info,
        status: Some(status),
        message: Some(format!("the answer broke off: {error}")),
    }
}

/// No answer to a request that may have been sent.
pub(super) fn none(error: &hyper::Error) -> Sent {
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        message += &format!(": {source}");
        cause = source.source();
    }
    Sent::unknown(message)
}

/// The beginning of an answer that is not in the usual shape.
fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_says_whether_it_is_an_error_and_which() {
        let refused = whole(503, br#"{"error":true,"message":"no \"room\""}"#);
        assert_eq!((refused.outcome, refused.message.as_deref()), (Outcome::Fail, Some("no \"room\"")));
        assert_eq!(whole(202, br#"{"error":false,"message":"stored"}"#).message, None);
        assert_eq!(whole(200, br#"{"error":true}"#).outcome, Outcome::Info);
    }

    #[test]
    fn an_answer_in_another_shape_is_told_by_its_beginning() {
        assert_eq!(whole(500, b"<html>").message.as_deref(), Some("<html>"));
        assert_eq!(whole(200, b"hello").outcome, Outcome::Ok);
    }
}
