//! Ways to change a run that goes on.

use tokio_util::sync::CancellationToken;

use super::manual_faults::ManualFaults;

/// Ways to change a run that goes on.
#[derive(Debug, Clone)]
pub(super) struct Controls {
    pub(super) faults: ManualFaults,
    /// Token that ends a manual load.
    pub(super) end: CancellationToken,
    /// Token that interrupts the run.
    pub(super) cancel: CancellationToken,
    /// Token that is cancelled when the load begins, and at the end of a run without a load.
    pub(super) begun: CancellationToken,
}

impl Controls {
    pub(super) fn new(faults: ManualFaults, cancel: &CancellationToken) -> Self {
        // A child: a run whose history can't be written interrupts itself, and not its caller.
        let (end, cancel) = (CancellationToken::new(), cancel.child_token());
        Self { faults, end, cancel, begun: CancellationToken::new() }
    }
}
