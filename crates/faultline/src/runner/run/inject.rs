//! Faults at their times, and manual ones: injected, active, healed, and then a system that is ready again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::end;
use super::plan::{FaultPlan, ManualFaultError, affected};
use super::readiness;
use super::recovery::RecoveryGoal;
use crate::fault::{self, Journal};
use crate::history::{Event, Evidence, FaultStage};
use crate::load::now;
use crate::runner::observe::health::NodeWatch;
use crate::runner::recorder::EventSender;
use crate::scenario::duration::Span;
use crate::scenario::{PlannedFault, Schedule};
use crate::stack::Stack;

/// Time that the system may take to be ready after the last fault, beyond what the scenario expects.
const SLACK: Duration = Duration::from_secs(60);

/// Longest delay of a heal, which an extended load must outlast.
// The checker counts the time to recover from the real healing. A load that ends by the plan
// would be too short for it.
const LATE: Duration = Duration::from_secs(1);

/// Time that a load which a person ends goes on after the last fault: only operations show that a path has recovered.
const SHOWN: Duration = Duration::from_secs(3);

/// Injector of the faults of a run.
#[derive(Debug)]
pub(super) struct Injector {
    pub(super) stack: Arc<Stack>,
    journal: Journal,
    sender: EventSender,
    pub(super) start: Instant,
    cancel: CancellationToken,
    /// Watch over the nodes; none between two runs.
    watch: Option<Arc<NodeWatch>>,
    plan: Mutex<FaultPlan>,
    /// Held while the plan is read and recorded.
    // Readers take the last plan of a history: of two changes at once, the older must not be recorded last.
    amending: tokio::sync::Mutex<()>,
    manual: TaskTracker,
    /// Cancelled when no more manual faults are accepted and the active ones are healed.
    closing: CancellationToken,
}

impl Injector {
    /// Makes the injector of a schedule whose load starts at `start`.
    pub(super) fn new(
        stack: Arc<Stack>,
        journal: Journal,
        sender: EventSender,
        start: Instant,
        schedule: Schedule,
        cancel: CancellationToken,
        watch: Option<Arc<NodeWatch>>,
    ) -> Self {
        let plan = Mutex::new(FaultPlan::new(schedule));
        let (manual, closing) = (TaskTracker::new(), CancellationToken::new());
        let amending = tokio::sync::Mutex::default();
        Self { stack, journal, sender, start, cancel, watch, plan, amending, manual, closing }
    }

    /// Injects every fault of the schedule at its time; returns when all are healed and the system is ready, or the
    /// time for it is over. When cancelled, heals the active faults at once and injects no more.
    pub(super) async fn run(&self) {
        let faults = self.plan().schedule.faults.clone();
        let all = faults.iter().enumerate().map(|(index, fault)| async move {
            if self.sleep_until(fault.at.micros()).await {
                match self.activate(index, fault) {
                    Ok(heal) => self.run_fault(index, fault, Some(fault.until.micros()), heal).await,
                    Err(overlap) => self.skip(index, overlap).await,
                }
            }
        });
        futures::future::join_all(all).await;
    }

    /// Injects a manual fault, which lasts until it is healed; returns its number.
    ///
    /// # Errors
    /// [`ManualFaultError`] if another fault is in its way, or the run is ending.
    pub(super) async fn inject(self: &Arc<Self>, fault: PlannedFault) -> Result<usize, ManualFaultError> {
        if self.closing.is_cancelled() || self.cancel.is_cancelled() {
            return Err(ManualFaultError::Ending);
        }
        let at = self.moment();
        // Until the heal the end equals the beginning, by which the plan knows that no recovery is due yet.
        let fault = PlannedFault { at, until: at, ..fault };
        // Checked and added under one lock: two clicks at once must not both find the node free.
        let (index, heal) = self.plan().add(&fault)?;
        // Amended before the first event of the fault, so that every reader of the history knows its index.
        self.amend().await;
        let injector = Arc::clone(self);
        // A task of its own: the request that began the fault ends at once, and a client that leaves
        // must not cancel the heal.
        self.manual.spawn(async move { injector.run_fault(index, &fault, None, heal).await });
        Ok(index)
    }

    /// Heals an active fault, before its time if it has one.
    ///
    /// # Errors
    /// [`ManualFaultError::NotActive`].
    pub(super) fn heal(&self, index: usize) -> Result<(), ManualFaultError> {
        self.plan().heal(index)
    }

    /// Lists the names of the active faults.
    pub(super) fn active(&self) -> Vec<String> {
        self.plan().active()
    }

    /// Accepts no more manual faults, heals the active ones, and waits until the system is ready or the time for it is
    /// over.
    pub(super) async fn finish(&self) {
        self.closing.cancel();
        // The wait below ends only for a tracker that is closed.
        self.manual.close();
        self.manual.wait().await;
    }

    /// Heals the active faults, and waits until the load has had the time to show that every path has recovered.
    pub(super) async fn settle(&self) {
        self.finish().await;
        let last = self.plan().last_until();
        if let Some(last) = last {
            tokio::time::sleep_until(self.start + last + SHOWN).await;
        }
    }

    /// Lists the affected paths, each with the time from which it must be ok again. A manual fault that is still active
    /// has no such time.
    pub(super) fn recovery_goals(&self) -> Vec<RecoveryGoal> {
        self.plan().recovery_goals(self.stack.topology())
    }

    /// Extends the load from now until the system must have recovered; returns the new schedule and its first moment,
    /// or none if that time is over or no stream can go on.
    pub(super) async fn extend_load(&self) -> Option<(Schedule, Span)> {
        let from = self.moment();
        // On a slow machine a server may start longer than the load lasts; without operations the verdict would be
        // unknown.
        let by = self.recovered_by() + LATE;
        let until = Span::from_micros(u64::try_from(by.as_micros()).unwrap_or(u64::MAX));
        let schedule = {
            // Under one lock: a manual fault that begins meanwhile must not be lost.
            let mut plan = self.plan();
            plan.schedule = plan.schedule.going_on(from, until)?;
            plan.schedule.clone()
        };
        self.amend().await;
        Some((schedule, from))
    }

    /// Ends the load before its time: nothing is due from now on.
    pub(super) async fn end_load(&self) {
        let ended = self.moment();
        self.plan().end_load(ended);
        self.amend().await;
    }

    /// Returns the schedule, with its manual changes.
    pub(super) fn schedule(&self) -> Schedule {
        self.plan().schedule.clone()
    }

    async fn run_fault(
        &self,
        index: usize,
        fault: &PlannedFault,
        until: Option<u64>,
        heal: CancellationToken,
    ) {
        // Before the injection: a fault may take effect before its injection returns, and those
        // operations belong to it.
        self.record(index, FaultStage::Begin, Vec::new()).await;
        let result = self.inject_and_heal(index, fault, until, &heal).await;
        // Removed before the wait for the rest of the system: the fault may be injected again meanwhile.
        self.plan().deactivate(index);
        match result {
            Ok(()) => self.wait_ready(index).await,
            Err(error) => self.record_broken(index, error.to_string()).await,
        }
    }

    async fn inject_and_heal(
        &self,
        index: usize,
        fault: &PlannedFault,
        until: Option<u64>,
        heal: &CancellationToken,
    ) -> Result<(), fault::FaultError> {
        // Not raced with the interrupt: nobody could heal a fault that was injected by half.
        let (injected, evidence) = fault::inject(fault, &self.stack, &self.journal).await?;
        if let Some(stop) = injected.stop() {
            self.sender.record(end::stop_event(stop, self.start)).await;
        }
        self.record(index, FaultStage::Active, evidence).await;
        // A manual fault has no end: it waits for its heal, or for the end of the run.
        let in_time = tokio::select! {
            in_time = self.sleep_until(until.unwrap_or(u64::MAX / 2)) => in_time,
            () = heal.cancelled() => false,
            () = self.closing.cancelled() => false,
        };
        // The plan is amended, so that checkers and reports see one plan, as if it had been made before.
        // An interrupted run keeps its plan, which shows what it was to do.
        if !in_time && !self.cancel.is_cancelled() {
            let ended = self.moment();
            self.plan().end_fault(index, ended);
            self.amend().await;
        }
        self.record(index, FaultStage::Heal, Vec::new()).await;
        let evidence = fault::heal(injected, &self.stack, &self.journal).await?;
        self.record(index, FaultStage::Healed, evidence).await;
        Ok(())
    }

    async fn wait_ready(&self, index: usize) {
        let by = self.ready_by();
        // Every node must be ready, not the healed one alone: others lose their connections and recover later.
        let ready = tokio::select! {
            ready = readiness::wait(&self.stack, self.watch.as_deref(), by) => ready,
            () = self.cancel.cancelled() => return,
        };
        match ready {
            Ok(()) => self.record(index, FaultStage::Ready, Vec::new()).await,
            // Not an error of the run: the checker finds the missing readiness in the history.
            Err(error) => tracing::warn!("the system is not ready after fault {index}: {error}"),
        }
    }

    /// Returns the time since the start of the load.
    fn moment(&self) -> Span {
        Span::from_micros(u64::try_from(now(self.start)).unwrap_or(0))
    }

    /// Returns the moment by which the system must be ready after all faults.
    fn ready_by(&self) -> Instant {
        self.start + self.recovered_by() + SLACK
    }

    /// Returns the time from the start of the load by which every path must have recovered.
    fn recovered_by(&self) -> Duration {
        self.plan().recovered_by()
    }

    /// Sleeps until a time; false if the run was cancelled before it.
    async fn sleep_until(&self, micros: u64) -> bool {
        tokio::select! {
            () = tokio::time::sleep_until(self.start + Duration::from_micros(micros)) => true,
            () = self.cancel.cancelled() => false,
        }
    }

    fn activate(&self, index: usize, fault: &PlannedFault) -> Result<CancellationToken, ManualFaultError> {
        self.plan().activate(index, fault)
    }

    /// Records that a planned fault was not injected.
    async fn skip(&self, index: usize, overlap: ManualFaultError) {
        self.record(index, FaultStage::Begin, Vec::new()).await;
        self.record_broken(index, format!("not injected: {overlap}")).await;
    }

    /// Records why a fault was not injected or not healed.
    async fn record_broken(&self, index: usize, reason: String) {
        self.record(index, FaultStage::Broken, vec![Evidence::new(reason, false)]).await;
    }

    fn plan(&self) -> MutexGuard<'_, FaultPlan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the schedule as it is now.
    async fn amend(&self) {
        let _turn = self.amending.lock().await;
        let schedule = self.schedule();
        let affected = affected(self.stack.topology(), &schedule);
        self.sender.record(Event::Amend { schedule: Box::new(schedule), affected }).await;
    }

    async fn record(&self, index: usize, stage: FaultStage, evidence: Vec<Evidence>) {
        self.sender.record(Event::Fault { index, stage, at: now(self.start), evidence }).await;
    }
}
