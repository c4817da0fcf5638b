//! The wait until every node is ready after a fault.

use std::time::Duration;

use tokio::time::Instant;

use crate::runner::observe::health::NodeWatch;
use crate::stack::{Stack, StackError};

/// Time between two looks at nodes that became unready again.
const PAUSE: Duration = Duration::from_millis(20);

/// Waits until every node is ready by its own check, and none is unready for the watch of the run.
///
/// # Errors
/// [`StackError`] of the first node that is not ready by then, or died.
// The watch records first that the last node is ready: no reader sees all nodes ready before that. And a node that was
// seen ready first may not be any more. One that died or was lost is not waited for: other checks judge that.
pub(super) async fn wait(stack: &Stack, watch: Option<&NodeWatch>, by: Instant) -> Result<(), StackError> {
    loop {
        stack.wait_all_ready(by).await?;
        let Some(watch) = watch else { return Ok(()) };
        let Some((node, waits)) = watch.check().await else { return Ok(()) };
        if Instant::now() >= by {
            let log = stack.provider().log_tail(&node);
            return Err(StackError::NotReady { node, waits, log });
        }
        tokio::time::sleep(PAUSE).await;
    }
}
