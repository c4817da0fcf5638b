//! A node is killed with SIGKILL and started again.

use super::{Before, FaultError, pid_of};
use crate::history::Evidence;
use crate::stack::{Stack, tree};

pub(super) async fn begin(stack: &Stack, node: &str) -> Result<(Before, Vec<Evidence>), FaultError> {
    let pid = pid_of(stack, node);
    stack.provider().kill(node).await?;
    Ok((Before::Pid(pid), vec![gone(node, pid)]))
}

/// Shows that a process is no more.
pub(super) fn gone(node: &str, pid: u32) -> Evidence {
    Evidence::new(format!("pid {pid} of {node} is gone"), tree::see(pid).is_none())
}

/// Starts a node that was killed or stopped, and shows that it is another process.
pub(super) async fn start_again(stack: &Stack, node: &str, before: u32) -> Result<Vec<Evidence>, FaultError> {
    stack.start_node(node).await?;
    let pid = pid_of(stack, node);
    Ok(vec![Evidence::new(format!("{node} runs again as pid {pid}"), pid != 0 && pid != before)])
}
