//! Readings of nodes, links and stores, as the live lab shows them.

use std::collections::BTreeMap;

use serde::Serialize;

/// Nodes and links at one moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Sample {
    /// Nodes by name.
    pub nodes: BTreeMap<String, NodeSample>,
    /// Links by name; links without a proxy are absent.
    pub links: BTreeMap<String, LinkSample>,
}

/// A node at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeSample {
    /// `absent`, `running`, `paused`, `down` (by the lab), `dead` (by itself) or `lost` (unreachable).
    pub state: &'static str,
    /// True if the readiness check succeeds.
    pub ready: bool,
    /// Answer of a readiness check that fails, or how the node ended.
    pub says: String,
}

/// A link in the second before a moment. Rates are per second.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LinkSample {
    /// Connections that are open.
    pub open: u64,
    /// Rate of new connections.
    pub connects: f64,
    /// Rate of bytes to the server.
    pub upstream: f64,
    /// Rate of bytes to clients.
    pub downstream: f64,
    /// Rate of connections that were reset, cut or not taken by the server.
    pub errors: f64,
    /// Rate of answers: bytes from the server that follow bytes to it.
    pub answers: f64,
    /// Median time to an answer, in milliseconds; none without answers.
    pub p50_ms: Option<f64>,
    /// 99th percentile of the time to an answer, in milliseconds; none without answers.
    pub p99_ms: Option<f64>,
    /// Kinds of the active toxics.
    pub toxics: Vec<&'static str>,
    /// True while the proxy accepts connections.
    pub enabled: bool,
}

/// One reading of all stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreReading {
    /// All stores were read.
    Read {
        /// Different entries that are stored.
        stored: u64,
        /// Copies of entries beyond the first of each.
        duplicated: u64,
        /// Acknowledged entries that are not stored.
        missing: u64,
    },
    /// A store could not be read, for this reason.
    Unread(String),
}
