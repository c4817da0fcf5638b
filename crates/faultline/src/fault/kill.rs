//! A node is killed with SIGKILL and started again.

use super::{Before, FaultError, pid_of};
use crate::history::Evidence;
use crate::stack::Stack;

pub(super) async fn begin(stack: &Stack, node: &str) -> Result<(Before, Vec<Evidence>), FaultError> {
    let pid = pid_of(stack, node);
    stack.provider().kill(node).await?;
    Ok((Before::Pid(pid), vec![gone(stack, node, pid).await]))
}

/// Shows that a process is no more.
pub(super) async fn gone(stack: &Stack, node: &str, pid: u32) -> Evidence {
    let gone = stack.provider().is_gone(node, pid).await;
    Evidence::new(format!("pid {pid} of {node} is gone"), gone)
}

/// Starts a node that was killed or stopped, and shows that it is another process.
pub(super) async fn start_again(stack: &Stack, node: &str, before: u32) -> Result<Vec<Evidence>, FaultError> {
    stack.start_node(node).await?;
    let pid = pid_of(stack, node);
    Ok(vec![Evidence::new(format!("{node} runs again as pid {pid}"), pid != 0 && pid != before)])
}
