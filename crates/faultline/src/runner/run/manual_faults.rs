//! Manual faults on a system that runs, during a run or between two.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock, Weak};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::inject::Injector;
use crate::fault::{Journal, JournalError};
use crate::runner::progress::Listener;
use crate::runner::recorder::EventSender;
use crate::scenario::{PlannedFault, Schedule};
use crate::stack::Stack;

pub use super::plan::ManualFaultError;

/// Handle for manual faults of one run, or of a system between two; copies are the same. It accepts no fault before the
/// load of the run begins, nor after the run is over.
#[derive(Debug, Clone, Default)]
pub struct ManualFaults {
    stack: Arc<OnceLock<Weak<Stack>>>,
    // Weak, so that the history ends with its run, and not with the last copy of the handle.
    injector: Arc<OnceLock<Weak<Injector>>>,
    /// Injector of a system between two runs.
    // Not weak: without a run nobody else keeps this one.
    _idle: Option<Arc<Injector>>,
}

impl ManualFaults {
    /// Makes the handle of a system that is up, for the time without a run: the journal is in its folder, and a
    /// listener receives the events. `rest` is a schedule that sends nothing.
    ///
    /// # Errors
    /// [`JournalError`] when the journal can't be written.
    pub fn idle(
        stack: &Arc<Stack>,
        folder: &Path,
        listener: Box<dyn Listener>,
        rest: Schedule,
        cancel: &CancellationToken,
    ) -> Result<(Self, EventSender), JournalError> {
        let (journal, sender) = (Journal::open(folder)?, EventSender::to(listener));
        let events = sender.clone();
        let injector =
            Injector::new(Arc::clone(stack), journal, sender, Instant::now(), rest, cancel.clone(), None);
        let injector = Arc::new(injector);
        let faults = Self { _idle: Some(Arc::clone(&injector)), ..Self::before_run(stack) };
        faults.attach(&injector);
        Ok((faults, events))
    }

    /// Makes the handle of a system on which a run is about to begin.
    #[must_use]
    pub fn before_run(stack: &Arc<Stack>) -> Self {
        let faults = Self::default();
        faults.set_stack(stack);
        faults
    }

    /// Sets the stack, once it is known.
    pub(super) fn set_stack(&self, stack: &Arc<Stack>) {
        // A handle is for one system, and a second would be a mistake of ours.
        let _ = self.stack.set(Arc::downgrade(stack));
    }

    /// Attaches the injector of a run, which takes the faults from now on.
    pub(super) fn attach(&self, injector: &Arc<Injector>) {
        // A handle is for one run; a second injector would be a mistake of ours, and is not attached.
        let _ = self.injector.set(Arc::downgrade(injector));
    }

    fn injector(&self) -> Result<Arc<Injector>, ManualFaultError> {
        let injector = self.injector.get().ok_or(ManualFaultError::NotStarted)?;
        injector.upgrade().ok_or(ManualFaultError::Ending)
    }

    /// Injects a fault, which lasts until it is healed; returns its number.
    ///
    /// # Errors
    /// [`ManualFaultError`] if another fault is in its way, or the run has not begun or is ending.
    pub async fn inject(&self, fault: PlannedFault) -> Result<usize, ManualFaultError> {
        self.injector()?.inject(fault).await
    }

    /// Heals an active fault, before its time if it has one.
    ///
    /// # Errors
    /// [`ManualFaultError`] if the fault is not active, or the run has not begun or is over.
    pub fn heal(&self, index: usize) -> Result<(), ManualFaultError> {
        self.injector()?.heal(index)
    }

    /// Lists the names of the active faults.
    #[must_use]
    pub fn active(&self) -> Vec<String> {
        self.injector().map(|injector| injector.active()).unwrap_or_default()
    }

    /// Accepts no more faults, heals the active ones, and waits until the system is ready or the time for it is over.
    pub async fn finish(&self) {
        if let Ok(injector) = self.injector() {
            injector.finish().await;
        }
    }

    /// Returns the address that the load goes to; none of a system without paths.
    #[must_use]
    pub fn entry(&self) -> Option<SocketAddr> {
        // Not the injector's: the page that tries every path needs the address before the load begins too.
        let stack = self.stack.get()?.upgrade()?;
        let first = stack.topology().paths.values().next()?;
        stack.address(&first.send.node, first.send.port).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::run::one_kill::fault;

    #[tokio::test]
    async fn a_handle_accepts_no_fault_before_its_run_nor_after() {
        let faults = ManualFaults::default();
        assert_eq!(faults.inject(fault()).await, Err(ManualFaultError::NotStarted));
        assert_eq!(faults.heal(0), Err(ManualFaultError::NotStarted));
        assert!(faults.active().is_empty() && faults.entry().is_none());
        let copy = faults.clone();
        faults.injector.set(Weak::new()).unwrap();
        assert_eq!(copy.inject(fault()).await, Err(ManualFaultError::Ending));
    }
}
