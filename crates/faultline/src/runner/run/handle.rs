//! The handle of a run that goes on.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::conduct;
use super::manual_faults::{ManualFaultError, ManualFaults};
use super::options::RunOptions;
use crate::report::Report;
use crate::runner::error::RunError;
use crate::runner::progress::Listener;
use crate::scenario::PlannedFault;
use crate::stack::Stack;

/// Run that goes on. It is aborted when its handle is dropped; a system of its own is killed then.
#[derive(Debug)]
pub struct Run {
    controls: Controls,
    report: AbortOnDropHandle<Result<Report, RunError>>,
}

/// Ways to change a run that goes on.
#[derive(Debug, Clone)]
pub(super) struct Controls {
    pub(super) faults: ManualFaults,
    /// Token that ends a manual load.
    pub(super) end: CancellationToken,
    /// Token that interrupts the run.
    pub(super) cancel: CancellationToken,
}

impl Run {
    /// Begins a run on a system of its own, which is started before it and stopped after it. `cancel` interrupts it.
    #[must_use]
    pub fn begin(options: RunOptions, listener: Box<dyn Listener>, cancel: CancellationToken) -> Self {
        let controls = Controls::new(ManualFaults::default(), cancel);
        let run = conduct::run(options, listener, controls.clone());
        Self { controls, report: AbortOnDropHandle::new(tokio::spawn(run)) }
    }

    /// Begins a run on a system that is up before and after it. `cancel` interrupts it.
    #[must_use]
    pub fn begin_on(
        stack: Arc<Stack>,
        options: RunOptions,
        listener: Box<dyn Listener>,
        cancel: CancellationToken,
    ) -> Self {
        let controls = Controls::new(ManualFaults::before_run(&stack), cancel);
        let of_task = controls.clone();
        let run = async move { conduct::run_on(&stack, options, listener, of_task).await };
        Self { controls, report: AbortOnDropHandle::new(tokio::spawn(run)) }
    }

    /// Returns the handle for its manual faults, for others to use.
    #[must_use]
    pub fn faults(&self) -> ManualFaults {
        self.controls.faults.clone()
    }

    /// Injects a fault, which lasts until it is healed; returns its number.
    ///
    /// # Errors
    /// [`ManualFaultError`] if another fault is in its way, or the load has not begun or is ending.
    pub async fn inject(&self, fault: PlannedFault) -> Result<usize, ManualFaultError> {
        self.controls.faults.inject(fault).await
    }

    /// Heals an active fault, before its time if it has one.
    ///
    /// # Errors
    /// [`ManualFaultError`] if the fault is not active, or the load has not begun or the run is over.
    pub fn heal(&self, index: usize) -> Result<(), ManualFaultError> {
        self.controls.faults.heal(index)
    }

    /// Ends a load whose end is manual, as if it had been planned so: its faults are healed, and the run is judged. A
    /// load with a schedule's end goes on.
    pub fn end(&self) {
        self.controls.end.cancel();
    }

    /// Waits for the report of the run.
    ///
    /// # Errors
    /// [`RunError`] where there is no verdict; whatever the run started is stopped then too.
    pub async fn report(&mut self) -> Result<Report, RunError> {
        (&mut self.report).await.map_err(|error| RunError::Task(error.to_string()))?
    }
}

impl Controls {
    fn new(faults: ManualFaults, cancel: CancellationToken) -> Self {
        Self { faults, end: CancellationToken::new(), cancel }
    }
}
