//! The lines of a history. Times are microseconds after the start of the load; negative ones were before.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fault_stage::{Evidence, FaultStage};
use super::observation::{NodeChange, Observation};
use super::operation::{Completion, Invoke};
use super::run_info::RunInfo;
use super::stop::Stop;
use crate::scenario::Schedule;

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
