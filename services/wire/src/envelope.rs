//! The JSON shape of every answer: `{"error", "message", "data"?}`.

use serde::{Deserialize, Serialize};

/// Every answer of every HTTP service, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// False for an answer that did what was asked.
    pub error: bool,
    /// Message for people: what was done, or what was wrong and what would be right.
    pub message: String,
    /// Data that was asked for; absent from refusals.
    #[serde(skip_serializing_if = "Option::is_none")]
    // By its path: a bare `default` would demand `T: Default`.
    #[serde(default = "Option::default")]
    pub data: Option<T>,
}

impl<T> Envelope<T> {
    /// An answer that carries data.
    pub fn of(message: impl Into<String>, data: T) -> Self {
        Self { error: false, message: message.into(), data: Some(data) }
    }
}

impl Envelope<()> {
    /// An answer that says only that it worked.
    pub fn done(message: impl Into<String>) -> Self {
        Self { error: false, message: message.into(), data: None }
    }

    /// A refusal, or an outcome that is unknown.
    pub fn refusal(message: impl Into<String>) -> Self {
        Self { error: true, message: message.into(), data: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_no_data_field() {
        let text = serde_json::to_string(&Envelope::refusal("no")).unwrap();
        assert_eq!(text, r#"{"error":true,"message":"no"}"#);
    }

    #[test]
    fn data_is_carried_and_read_back() {
        let answer = Envelope::of("stored", 7);
        let text = serde_json::to_string(&answer).unwrap();
        assert_eq!(serde_json::from_str::<Envelope<i32>>(&text).unwrap(), answer);
    }
}
