//! A node is paused with all its processes, and resumed: its connections stay open and nothing answers.

use super::error::FaultError;
use super::prior::{PriorState, pid_of};
use crate::history::Evidence;
use crate::stack::{Frozen, Stack};

/// Pauses a node.
pub(super) async fn inject(stack: &Stack, node: &str) -> Result<(PriorState, Vec<Evidence>), FaultError> {
    let pid = pid_of(stack, node);
    stack.provider().pause(node).await?;
    // Counted in the kernel's process table: a pause that missed one process of the node is no pause.
    let frozen = stack.provider().frozen(node, pid).await;
    let evidence =
        Evidence::new(format!("{} processes of {node} are paused", frozen.processes), is_whole(frozen));
    Ok((PriorState::Pid(pid), vec![evidence]))
}

/// Returns true if every process of a node is paused.
fn is_whole(frozen: Frozen) -> bool {
    // No process at all is no pause either: the node has ended.
    frozen.processes > 0 && frozen.running == 0
}

/// Resumes a node.
pub(super) async fn heal(stack: &Stack, node: &str, pid: u32) -> Result<Vec<Evidence>, FaultError> {
    // A process that ran meanwhile would mean that the planned fault was not active all the time.
    let was_whole = is_whole(stack.provider().frozen(node, pid).await);
    stack.provider().resume(node).await?;
    let runs = stack.provider().frozen(node, pid).await.running > 0;
    Ok(vec![
        Evidence::new(format!("{node} stayed paused until it was healed"), was_whole),
        Evidence::new(format!("{node} resumed as pid {pid}"), runs),
    ])
}
