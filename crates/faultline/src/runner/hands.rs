//! Faults by hand on a system that runs, during a run or between two.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Weak};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::inject::Injector;
use super::progress::Listener;
use super::recorder::Teller;
use crate::fault::{Journal, JournalError};
use crate::scenario::{PlannedFault, Schedule};
use crate::stack::Stack;

pub use super::inject::ByHandError;

/// Does faults by hand; its copies are the same. Those of a run do nothing any more once it is over.
#[derive(Debug, Clone)]
pub struct Hands {
    injector: Weak<Injector>,
    /// Of a system without a run, which nobody else keeps.
    _idle: Option<Arc<Injector>>,
}

impl Hands {
    /// Those of a run. They don't keep it: its record ends when nobody can tell anything any more.
    pub(super) fn new(injector: &Arc<Injector>) -> Self {
        Self { injector: Arc::downgrade(injector), _idle: None }
    }

    fn injector(&self) -> Result<Arc<Injector>, ByHandError> {
        self.injector.upgrade().ok_or(ByHandError::Over)
    }

    /// For a system that is up without a run: the journal of undos is in its folder, and a listener is told. `rest` is a
    /// schedule in which nothing is sent.
    ///
    /// # Errors
    /// [`JournalError`] when undos can't be written down.
    pub fn idle(
        stack: &Arc<Stack>,
        folder: &Path,
        listener: Box<dyn Listener>,
        rest: Schedule,
        cancel: &CancellationToken,
    ) -> Result<(Self, Teller), JournalError> {
        let (journal, teller) = (Journal::open(folder)?, Teller::to(listener));
        let told = teller.clone();
        let injector =
            Injector::new(Arc::clone(stack), journal, teller, Instant::now(), rest, cancel.clone());
        let injector = Arc::new(injector);
        Ok((Self { _idle: Some(Arc::clone(&injector)), ..Self::new(&injector) }, told))
    }

    /// Begins a fault, which lasts until it is healed; its number.
    ///
    /// # Errors
    /// [`ByHandError`] where another is in its way, or the run goes to its end.
    pub async fn begin(&self, fault: PlannedFault) -> Result<usize, ByHandError> {
        self.injector()?.begin(fault).await
    }

    /// Heals a fault that acts, before its time if it has one.
    ///
    /// # Errors
    /// [`ByHandError::NotActing`], or that the run is over.
    pub fn heal(&self, index: usize) -> Result<(), ByHandError> {
        self.injector()?.heal(index)
    }

    /// Names of the faults that act.
    #[must_use]
    pub fn acting(&self) -> Vec<String> {
        self.injector().map(|injector| injector.acting()).unwrap_or_default()
    }

    /// Takes no more faults, heals those that act, and waits until the system is ready or is not in time.
    pub async fn finish(&self) {
        if let Ok(injector) = self.injector() {
            injector.finish().await;
        }
    }

    /// Where the load goes to; none of a system without paths.
    #[must_use]
    pub fn entry(&self) -> Option<SocketAddr> {
        let stack = Arc::clone(&self.injector().ok()?.stack);
        let first = stack.topology().paths.values().next()?;
        stack.address(&first.send.node, first.send.port).ok()
    }
}
