//! A right answer as a path declares it.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// A right answer of a path. Any other answer of status 2xx acknowledges nothing.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct AnswerSpec {
    /// Statuses of a right answer; all of 2xx when empty.
    pub status: Vec<u16>,
    /// Body of a right answer.
    pub body: BodySpec,
}

/// The body of a right answer.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BodySpec {
    /// `{"error": false, "message": text}`, whatever else it holds.
    #[default]
    Envelope,
    /// JSON that holds every member named here, with its value.
    Json(Value),
    /// Bytes of any kind, or none.
    Any,
}

impl AnswerSpec {
    /// The answer with any body, or none.
    #[must_use]
    pub const fn any() -> Self {
        Self { status: Vec::new(), body: BodySpec::Any }
    }

    /// A mistake in it, in words: a right answer is a success.
    pub(super) fn mistake(&self) -> Option<String> {
        let other = self.status.iter().find(|status| !(200..=299).contains(*status))?;
        Some(format!("answer.status: expected statuses from 200 to 299, found {other}"))
    }
}
