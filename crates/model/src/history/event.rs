//! The lines of a history. Times are microseconds after the start of the load; negative ones were before.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::stop::Stop;
use crate::scenario::{FaultKind, Schedule};

/// The version of the format.
pub const VERSION: u32 = 4;

/// The first version whose runs tell how nodes stopped, and ask every node at the end.
pub const WITH_ENDS: u32 = 4;

/// The oldest version that is read: before 3 nothing could be done by hand.
pub const OLDEST: u32 = 2;

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Event {
    /// The first line: what run this is.
    Run(Box<RunInfo>),
    /// An operation begins.
    Invoke(Invoke),
    /// An operation ends.
    Settle(Settled),
    /// An operation was due and could not be sent: as many as may be were under way.
    Drop {
        /// Id of the operation.
        id: String,
        /// Path of the operation.
        path: String,
        /// Due time, in microseconds after the start of the load.
        due: i64,
    },
    /// A fault goes on a step.
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
    Amend {
        /// All that is planned from now on, with what was.
        schedule: Box<Schedule>,
        /// Paths that depend on each fault's target, as [`RunInfo::affected`].
        affected: Vec<Vec<String>>,
    },
    /// A node became ready, or was no longer.
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
    /// All operations have ended, or were given up.
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
    Observe(Observation),
    /// A store that could not be read: what it holds is unknown.
    Unobserved {
        /// Name of the store.
        store: String,
        /// Error of the reader.
        reason: String,
    },
    /// The last step of a run: every node was asked whether it is ready. One that a fault left down is absent.
    Readiness {
        /// Time in microseconds.
        at: i64,
        /// State of each node.
        nodes: BTreeMap<String, NodeChange>,
    },
    /// The last line of a run that came to its end.
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
    /// The version of the lab.
    pub faultline: String,
    /// Start of the load: RFC 3339.
    pub started: String,
    /// `processes`, `containers` or `external`.
    pub provider: String,
    /// Time from the command to a ready stack, in milliseconds.
    pub ready_ms: u64,
    /// Store of each path; paths that name no store are absent.
    pub stored_in: BTreeMap<String, String>,
    /// Declarations of the paths; none in a history of an earlier lab, which had none.
    #[serde(default)]
    pub declared: Option<Declared>,
    /// Affected paths of each fault of the schedule.
    pub affected: Vec<Vec<String>>,
    /// The system as it can be drawn; nothing in a history of an earlier lab.
    #[serde(default)]
    pub system: SystemInfo,
    /// The command that repeats the run; empty in a history of an earlier lab.
    #[serde(default)]
    pub command: String,
    /// The exact actions.
    pub schedule: Schedule,
    /// Versions of what ran and facts of the machine.
    pub environment: BTreeMap<String, String>,
}

/// Declarations of paths beside their stores.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// Paths that write nothing. Of a path that is neither here nor stores, nobody knows what it writes.
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<u64>,
}

/// Outcome of an operation, in Jepsen's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Acknowledged by the system.
    Ok,
    /// Surely had no effect.
    Fail,
    /// Unknown effect: no answer, or one that does not tell.
    Info,
}

/// An operation ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
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
    Undo,
    /// The fault is healed.
    Undone,
    /// The whole system says again that it is ready: the fault is over.
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
            Self::Undo => format!("healing {fault}"),
            Self::Undone => format!("{fault} is healed"),
            Self::Ready => format!("all nodes are ready after {fault}"),
            Self::Broken => format!("{fault} could not be injected or healed"),
        }
    }
}

/// One thing that was seen of a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Observation, in words.
    pub what: String,
    /// True if the observation shows the expected effect.
    pub shown: bool,
}

/// A fault as it is named in a history.
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
    /// Whoever runs it does not answer any more; what is known of that.
    Lost(String),
}

impl NodeChange {
    /// Describes the change of `node` for a reader.
    #[must_use]
    pub fn told(&self, node: &str) -> String {
        match self {
            Self::Ready => format!("{node} is ready again"),
            Self::NotReady(waits) => format!("{node} is not ready: {waits}"),
            Self::Died(how) => format!("{node} died by itself: {how}"),
            Self::Lost(how) => format!("{node} is out of sight: {how}"),
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
    /// The operation that it came from, by its data.
    pub op: String,
    /// Hash of its data (FNV-1a, 64 bits).
    pub hash: u64,
}

impl Evidence {
    /// Something that shows the effect, if `shown`.
    pub fn new(what: impl Into<String>, shown: bool) -> Self {
        Self { what: what.into(), shown }
    }
}
