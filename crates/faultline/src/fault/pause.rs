//! A node is paused, with every process of it, and resumed: its connections stay open and
//! nobody answers.

use super::{Before, FaultError, pid_of};
use crate::history::Evidence;
use crate::stack::{Frozen, Stack};

pub(super) async fn begin(stack: &Stack, node: &str) -> Result<(Before, Vec<Evidence>), FaultError> {
    let pid = pid_of(stack, node);
    stack.provider().pause(node).await?;
    let frozen = stack.provider().frozen(node, pid).await;
    let shown =
        Evidence::new(format!("{node} is paused: {} of its processes", frozen.processes), is_whole(frozen));
    Ok((Before::Pid(pid), vec![shown]))
}

/// Whether a pause holds every process of a node.
fn is_whole(frozen: Frozen) -> bool {
    frozen.processes > 0 && frozen.running == 0
}

pub(super) async fn undo(stack: &Stack, node: &str, pid: u32) -> Result<Vec<Evidence>, FaultError> {
    // Until now nothing of it may have run, else it was not the fault that was planned.
    let still = is_whole(stack.provider().frozen(node, pid).await);
    stack.provider().resume(node).await?;
    let runs = stack.provider().frozen(node, pid).await.running > 0;
    Ok(vec![
        Evidence::new(format!("{node} was paused to the end"), still),
        Evidence::new(format!("{node} runs again as pid {pid}"), runs),
    ])
}
