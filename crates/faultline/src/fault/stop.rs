//! A node is stopped gracefully with its stop signal, and started again. A node that does not end as promised is a
//! finding about the system and no doubt about the fault: the check `stopped` judges it.

use super::error::FaultError;
use super::kill;
use super::prior::{PriorState, pid_of};
use crate::history::Evidence;
use crate::stack::{Stack, StopOutcome};

/// Stops a node.
pub(super) async fn inject(
    stack: &Stack,
    node: &str,
) -> Result<(PriorState, Vec<Evidence>, StopOutcome), FaultError> {
    let pid = pid_of(stack, node);
    let stop = stack.provider().stop(node).await?;
    // Evidence however the node ended: its exit status is for the check `stopped` and casts no
    // doubt on the fault.
    let ended = format!("{node} ended with {} after {:.1} s", stop.status, stop.took.as_secs_f64());
    let evidence = vec![kill::gone(stack, node, pid).await, Evidence::new(ended, true)];
    Ok((PriorState::Pid(pid), evidence, stop))
}
