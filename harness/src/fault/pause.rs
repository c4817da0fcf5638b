//! A node is paused with SIGSTOP, with every process of it, and resumed: its connections stay open and
//! nobody answers.

use super::{Before, FaultError, pid_of};
use crate::history::Evidence;
use crate::stack::{Stack, tree};

pub(super) async fn begin(stack: &Stack, node: &str) -> Result<(Before, Vec<Evidence>), FaultError> {
    let pid = pid_of(stack, node);
    stack.provider().pause(node).await?;
    let shown = tree::running(pid).is_ok_and(|running| running.is_empty());
    let count = tree::of(pid).map_or(0, |tree| tree.len());
    Ok((Before::Pid(pid), vec![Evidence::new(format!("{node} is paused: {count} of its processes"), shown)]))
}

pub(super) async fn undo(stack: &Stack, node: &str, pid: u32) -> Result<Vec<Evidence>, FaultError> {
    // Until now nothing of it may have run, else it was not the fault that was planned.
    let still = tree::running(pid).is_ok_and(|running| running.is_empty());
    stack.provider().resume(node).await?;
    let runs = tree::see(pid).is_some_and(|process| process.state != 'T');
    Ok(vec![
        Evidence::new(format!("{node} was paused to the end"), still),
        Evidence::new(format!("{node} runs again as pid {pid}"), runs),
    ])
}
