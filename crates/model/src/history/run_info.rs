//! The first line of a history: identity and settings of its run, and the version of the format.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::scenario::Schedule;

/// Version of the format.
pub const VERSION: u32 = 4;

/// First version that records how nodes stopped, and the readiness of every node at the end.
pub const WITH_ENDS: u32 = 4;

/// Oldest version that is read.
// A history before version 3 has no manual faults, and reads the same.
pub const OLDEST: u32 = 2;

/// Identity and settings of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// Version of the format: [`VERSION`].
    pub version: u32,
    /// The run's id.
    pub run: String,
    /// Version of the lab.
    pub faultline: String,
    /// Start of the load: RFC 3339.
    pub started: String,
    /// Provider: `processes`, `containers` or `mixed`.
    pub provider: String,
    /// Time from the command to a ready stack, in milliseconds.
    pub ready_ms: u64,
    /// Store of each path; paths that name no store are absent.
    pub stored_in: BTreeMap<String, String>,
    /// Declarations of the paths; none in a history of an earlier lab, which had none.
    #[serde(default)]
    pub declared: Option<Declarations>,
    /// Affected paths of each fault of the schedule.
    pub affected: Vec<Vec<String>>,
    /// Nodes and links of the system; empty in a history of an earlier lab.
    #[serde(default)]
    pub system: SystemInfo,
    /// The command that repeats the run; empty in a history of an earlier lab.
    #[serde(default)]
    pub command: String,
    /// The exact actions.
    pub schedule: Schedule,
    /// Versions of the programs and facts of the machine.
    pub environment: BTreeMap<String, String>,
}

/// Declarations of paths beside their stores.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declarations {
    /// Paths that write nothing. The entries of a path that is neither here nor stores are unknown.
    pub writes_nothing: BTreeSet<String>,
    /// Paths on which every 2xx is a right answer, whatever its body.
    pub any_body: BTreeSet<String>,
}

/// The nodes of a system and how they reach each other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemInfo {
    /// Names of nodes.
    pub nodes: Vec<String>,
    /// Links, each `from->to:port`.
    pub links: Vec<String>,
    /// Nodes that the load goes to.
    pub entries: Vec<String>,
}
