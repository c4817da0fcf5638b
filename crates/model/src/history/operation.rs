//! The begin and the end of an operation.

use serde::{Deserialize, Serialize};

/// An operation begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoke {
    /// Id, unique in all runs.
    pub id: String,
    /// Path of the operation.
    pub path: String,
    /// Due time, in microseconds after the start of the load.
    pub due: i64,
    /// Time of sending, in microseconds after the start of the load.
    pub sent: i64,
    /// Hash of its data (FNV-1a, 64 bits); none on a path that stores nothing.
    // Left out where there is none, here and below: these lines are most of a history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<u64>,
}

/// Outcome of an operation, in Jepsen's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Acknowledged by the system.
    Ok,
    /// Certainly without effect.
    Fail,
    /// Unknown effect: no answer, or one that does not tell.
    Info,
}

/// An operation ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// Id of the operation.
    pub id: String,
    /// Time, in microseconds after the start of the load.
    pub at: i64,
    /// Outcome of the operation.
    pub outcome: Outcome,
    /// The status of the answer, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Text of the answer or of the connection's error, for all but `ok`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// An answer of status 2xx that is not what its path declares; such an operation ends `info`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undeclared: bool,
}
