//! Differences of a stack from its topology.

use std::collections::BTreeMap;

/// Difference from the topology for one node: a developer's own build of it, or a test's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Override {
    /// Another program than the topology names.
    pub program: Option<String>,
    /// More variables.
    pub environment: BTreeMap<String, String>,
}
