//! A node is asked to stop, by the signal that its maker intends, and started again. Whether it ended as promised is
//! the system's affair, not a doubt about the fault: the check `stopped` judges it.

use super::{Before, FaultError, kill, pid_of};
use crate::history::Evidence;
use crate::stack::{Stack, StopOutcome};

pub(super) async fn begin(
    stack: &Stack,
    node: &str,
) -> Result<(Before, Vec<Evidence>, StopOutcome), FaultError> {
    let pid = pid_of(stack, node);
    let stop = stack.provider().stop(node).await?;
    let ended = format!("{node} ended with {} after {:.1} s", stop.status, stop.took.as_secs_f64());
    let evidence = vec![kill::gone(stack, node, pid).await, Evidence::new(ended, true)];
    Ok((Before::Pid(pid), evidence, stop))
}
