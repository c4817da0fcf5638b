//! A node is stopped in order, by the signal that its maker intends, and started again.

use super::{Before, FaultError, kill, pid_of};
use crate::history::Evidence;
use crate::stack::Stack;

pub(super) async fn begin(stack: &Stack, node: &str) -> Result<(Before, Vec<Evidence>), FaultError> {
    let pid = pid_of(stack, node);
    stack.provider().stop(node).await?;
    let ended = format!("{node}: {}", stack.provider().state(node));
    Ok((Before::Pid(pid), vec![kill::gone(stack, node, pid).await, Evidence::new(ended, true)]))
}
