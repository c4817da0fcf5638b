//! Observations of nodes and stores.

use serde::{Deserialize, Serialize};

/// State that a node entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeChange {
    /// The node answers its readiness check.
    Ready,
    /// The readiness check fails; its answer.
    NotReady(String),
    /// The process ended though no fault ended it; its exit status.
    Died(String),
    /// The provider does not answer any more, so the state of the node is unknown; the reason.
    Lost(String),
}

impl NodeChange {
    /// Describes the change of `node` for a reader.
    #[must_use]
    pub fn describe(&self, node: &str) -> String {
        match self {
            Self::Ready => format!("{node} is ready again"),
            Self::NotReady(waits) => format!("{node} is not ready: {waits}"),
            Self::Died(how) => format!("{node} died without a fault: {how}"),
            Self::Lost(how) => format!("{node} is unreachable: {how}"),
        }
    }
}

/// Entries of a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// Name of the store.
    pub store: String,
    /// Entries read from the store.
    pub entries: Vec<Entry>,
}

/// One entry of a store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Entry {
    /// Id of the operation that the data names.
    pub op: String,
    /// Hash of its data (FNV-1a, 64 bits).
    // A hash, since payloads of every entry would make the history as large as the store.
    pub hash: u64,
}
