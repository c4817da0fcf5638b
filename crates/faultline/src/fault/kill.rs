//! A node is killed with SIGKILL and started again.

use super::error::FaultError;
use super::prior::{PriorState, pid_of};
use crate::history::Evidence;
use crate::stack::Stack;

/// Kills a node.
pub(super) async fn inject(stack: &Stack, node: &str) -> Result<(PriorState, Vec<Evidence>), FaultError> {
    let pid = pid_of(stack, node);
    // The process id is read before: a node that has ended has none.
    stack.provider().kill(node).await?;
    Ok((PriorState::Pid(pid), vec![gone(stack, node, pid).await]))
}

/// Collects the evidence that a process has exited.
pub(super) async fn gone(stack: &Stack, node: &str, pid: u32) -> Evidence {
    let gone = stack.provider().is_gone(node, pid).await;
    Evidence::new(format!("pid {pid} of {node} exited"), gone)
}

/// Starts a node that was killed or stopped, and collects the evidence that it is another process.
pub(super) async fn start_again(stack: &Stack, node: &str, before: u32) -> Result<Vec<Evidence>, FaultError> {
    stack.start_node(node).await?;
    // Another process id shows that the node was restarted: a process that survived would answer too.
    let pid = pid_of(stack, node);
    Ok(vec![Evidence::new(format!("{node} restarted as pid {pid}"), pid != 0 && pid != before)])
}
