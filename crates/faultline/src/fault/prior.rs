//! The state before a fault, which its evidence is compared with.

use super::toxics::InstalledToxics;
use crate::proxy::Snapshot;
use crate::stack::Stack;

/// State before a fault.
#[derive(Debug)]
pub(super) enum PriorState {
    /// Process id of the node; 0 without one.
    Pid(u32),
    /// Counters of the links.
    Counters(Snapshot),
    /// Toxics that the fault installed.
    Toxics(InstalledToxics),
}

/// Returns the process id of a node; 0 without one.
pub(super) fn pid_of(stack: &Stack, node: &str) -> u32 {
    use crate::stack::NodeState::{Paused, Running};
    match stack.provider().state(node) {
        Running(pid) | Paused(pid) => pid,
        _ => 0,
    }
}
