//! The lines of a history. Times are microseconds after the start of the load; negative ones were before.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::stop::Stop;
use crate::scenario::{FaultKind, Schedule};

/// Version of the format.
pub const VERSION: u32 = 4;

/// First version that records how nodes stopped, and the readiness of every node at the end.
pub const WITH_ENDS: u32 = 4;

/// Oldest version that is read.
// A history before version 3 has no manual faults, and reads the same.
pub const OLDEST: u32 = 2;

/// Line of a history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
// Rare large variants are boxed: every variant takes the space of the largest, in millions of events.
pub enum Event {
    /// First line: identity and settings of the run.
    Run(Box<RunInfo>),
    /// An operation begins.
    Invoke(Invoke),
    /// An operation ends.
    Settle(Completion),
    /// An operation was due and was dropped: the limit of operations in flight was reached.
    Drop {
        /// Id of the operation.
        id: String,
        /// Path of the operation.
        path: String,
        /// Due time, in microseconds after the start of the load.
        due: i64,
    },
    /// A fault reaches a step.
    Fault {
        /// Number of the fault in the schedule, from 0.
        index: usize,
        /// Step that the fault reached.
        stage: FaultStage,
        /// Time, in microseconds after the start of the load.
        at: i64,
        /// Observations that show the fault's effect, or that the effect is gone.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<Evidence>,
    },
    /// Change of the schedule, by a manual fault or a longer load; the number of a fault never changes.
    // Checkers and reports see one schedule, as if it had been so before the run. It is written as a
    // whole, so that the last such line is enough.
    Amend {
        /// Whole schedule, past and future.
        schedule: Box<Schedule>,
        /// Paths that depend on each fault's target, as [`RunInfo::affected`].
        affected: Vec<Vec<String>>,
    },
    /// A node became ready, or is no longer.
    Node {
        /// Name of the node.
        node: String,
        /// Time, in microseconds after the start of the load.
        at: i64,
        /// State that the node entered.
        change: NodeChange,
    },
    /// A node ended that was asked to stop, by a fault or at the end of the system.
    Stop(Stop),
    /// All operations have ended, or were abandoned.
    LoadEnded {
        /// Time, in microseconds after the start of the load.
        at: i64,
    },
    /// Progress of the drain: queues and acknowledged entries that are still on their way.
    Drain {
        /// Time, in microseconds after the start of the load.
        at: i64,
        /// Messages in each queue; none for one that could not be read.
        queues: BTreeMap<String, Option<u64>>,
        /// Acknowledged entries that were not in their store yet; none if a store could not be read.
        missing: Option<u64>,
        /// True on the last line of the drain.
        done: bool,
    },
    /// Content of a store after the drain; a store is observed in several lines.
    // Several, so that a line has a bounded length however much a store holds.
    Observe(Observation),
    /// A store could not be read: its content is unknown.
    Unobserved {
        /// Name of the store.
        store: String,
        /// Error of the reader.
        reason: String,
    },
    /// Readiness of every node at the end of the run. A node that a fault left down is absent.
    Readiness {
        /// Time in microseconds.
        at: i64,
        /// State of each node.
        nodes: BTreeMap<String, NodeChange>,
    },
    /// Last line of a run that finished.
    End {
        /// Time, in microseconds after the start of the load.
        at: i64,
        /// True if a person or the system interrupted the run.
        interrupted: bool,
    },
}

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

/// A step of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultStage {
    /// Injection begins; the way to heal the fault is in the journal.
    Begin,
    /// The fault is injected.
    Active,
    /// Healing begins.
    // Files keep the older name, so that every history can be read.
    #[serde(alias = "undo")]
    Heal,
    /// The fault is healed.
    #[serde(alias = "undone")]
    Healed,
    /// All nodes are ready again: the fault is over.
    Ready,
    /// The fault could not be injected, or not be healed.
    Broken,
}

impl FaultStage {
    /// Describes the step of a fault, for those who watch.
    #[must_use]
    pub fn describe(self, fault: &str) -> String {
        match self {
            Self::Begin => format!("injecting {fault}"),
            Self::Active => format!("{fault} is active"),
            Self::Heal => format!("healing {fault}"),
            Self::Healed => format!("{fault} is healed"),
            Self::Ready => format!("all nodes are ready after {fault}"),
            Self::Broken => format!("{fault} could not be injected or healed"),
        }
    }
}

/// Observation that shows the effect of a fault, or its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Observation, in words.
    pub what: String,
    /// True if the observation shows the expected effect.
    pub shown: bool,
}

/// Names a fault in a history.
#[must_use]
pub fn fault_name(kind: FaultKind, target: &str) -> String {
    format!("{} {target}", kind.name())
}

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

impl Evidence {
    /// Makes an observation that shows the effect, if `shown`.
    pub fn new(what: impl Into<String>, shown: bool) -> Self {
        Self { what: what.into(), shown }
    }
}
