//! The handle of a run that goes on.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::conduct;
use super::controls::Controls;
use super::manual_faults::{ManualFaultError, ManualFaults};
use super::options::RunOptions;
use crate::report::Report;
use crate::runner::error::RunError;
use crate::runner::progress::Listener;
use crate::scenario::PlannedFault;
use crate::stack::Stack;

/// Run that goes on. Dropped, it is interrupted: its faults are healed and a system of its own is stopped, as far as the
/// runtime lives on.
#[derive(Debug)]
pub struct Run {
    controls: Controls,
    /// Task of the run; none once its report was taken.
    task: Option<JoinHandle<Result<Report, RunError>>>,
}

impl Run {
    /// Begins a run on a system of its own, which is started before it and stopped after it. `cancel` interrupts it.
    ///
    /// # Panics
    /// Outside a runtime of tokio.
    #[must_use]
    pub fn begin(options: RunOptions, listener: Box<dyn Listener>, cancel: CancellationToken) -> Self {
        let controls = Controls::new(ManualFaults::default(), &cancel);
        let of_task = controls.clone();
        Self::spawn(controls, conduct::run(options, listener, of_task))
    }

    /// Begins a run on a system that is up before and after it. `cancel` interrupts it. Options of the system's start
    /// have no effect.
    ///
    /// # Panics
    /// Outside a runtime of tokio.
    #[must_use]
    pub fn begin_on(
        stack: Arc<Stack>,
        options: RunOptions,
        listener: Box<dyn Listener>,
        cancel: CancellationToken,
    ) -> Self {
        let controls = Controls::new(ManualFaults::before_run(&stack), &cancel);
        let of_task = controls.clone();
        let run = async move { conduct::run_on(&stack, options, listener, of_task).await };
        Self::spawn(controls, run)
    }

    fn spawn(
        controls: Controls,
        run: impl Future<Output = Result<Report, RunError>> + Send + 'static,
    ) -> Self {
        // Cancelled at the end in any case, so that nobody waits for ever for a load that never began.
        let begun = controls.begun.clone().drop_guard();
        let task = tokio::spawn(async move {
            let _begun = begun;
            run.await
        });
        Self { controls, task: Some(task) }
    }

    /// Returns the handle for its manual faults, for others to use.
    #[must_use]
    pub fn faults(&self) -> ManualFaults {
        self.controls.faults.clone()
    }

    /// Waits until the load begins and faults are accepted, or the run is over.
    pub async fn wait_for_load(&self) {
        self.controls.begun.cancelled().await;
    }

    /// Begins to inject a fault, which lasts until it is healed; returns its number. The history says when the fault is
    /// active.
    ///
    /// # Errors
    /// [`ManualFaultError`] if another fault is in its way, or the load has not begun or is ending.
    pub async fn inject(&self, fault: PlannedFault) -> Result<usize, ManualFaultError> {
        self.controls.faults.inject(fault).await
    }

    /// Begins to heal an active fault, before its time if it has one.
    ///
    /// # Errors
    /// [`ManualFaultError`] if the fault is not active, or the load has not begun or the run is over.
    pub fn heal(&self, index: usize) -> Result<(), ManualFaultError> {
        self.controls.faults.heal(index)
    }

    /// Ends a load whose end is manual, as if it had been planned so: its faults are healed, and the run is judged. A
    /// load that the schedule ends goes on.
    pub fn end(&self) {
        self.controls.end.cancel();
    }

    /// Waits for the report of the run, and returns it once.
    ///
    /// # Errors
    /// [`RunError`] where there is no verdict; whatever the run started is stopped then too. [`RunError::Reported`] the
    /// second time.
    pub async fn report(&mut self) -> Result<Report, RunError> {
        let task = self.task.as_mut().ok_or(RunError::Reported)?;
        let result = task.await;
        self.task = None;
        result.map_err(|error| RunError::Task(error.to_string()))?
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // Not aborted: only the run itself can heal what it injected and stop what it started.
        self.controls.cancel.cancel();
    }
}
