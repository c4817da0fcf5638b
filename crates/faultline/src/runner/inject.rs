//! Faults at their times, and by hand: begin, active, undo, undone, and ready once the whole system says so again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::end;
use super::recorder::Teller;
use super::working::Awaited;
use crate::fault::{self, Journal};
use crate::history::event::fault_name;
use crate::history::{Event, Evidence, FaultStage};
use crate::load::engine::now;
use crate::scenario::duration::Span;
use crate::scenario::{FaultKind, PlannedFault, Schedule};
use crate::stack::{Stack, Topology};

/// How long the system may take to be ready after the last fault, beyond what is expected of it.
const SLACK: Duration = Duration::from_secs(60);

/// How much later than planned a fault is undone, at the most, for a load that goes on to last long enough.
const LATE: Duration = Duration::from_secs(1);

/// How long a load that a person ends goes on after the last fault: what was not asked was not seen to work.
const SHOWN: Duration = Duration::from_secs(3);

/// What every fault of a run shares.
#[derive(Debug)]
pub(super) struct Injector {
    pub(super) stack: Arc<Stack>,
    journal: Journal,
    teller: Teller,
    pub(super) start: Instant,
    cancel: CancellationToken,
    plan: Mutex<Plan>,
    by_hand: TaskTracker,
    /// No more faults by hand, and those that act are healed.
    closing: CancellationToken,
}

/// What is planned, and what acts of it.
#[derive(Debug)]
struct Plan {
    schedule: Schedule,
    acting: BTreeMap<usize, Acting>,
}

/// A fault that acts, or is being undone.
#[derive(Debug, Clone)]
struct Acting {
    kind: FaultKind,
    target: String,
    heal: CancellationToken,
}

/// Why a fault by hand is not done, or not healed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ByHandError {
    /// Another fault of the same node or link acts.
    #[error("{what} acts still: heal it first")]
    Overlaps {
        /// Like `kill rabbitmq`.
        what: String,
    },
    /// None of this number acts.
    #[error("no fault {0} acts")]
    NotActing(usize),
    /// The run goes to its end.
    #[error("the run is going to its end: it takes no more faults")]
    Over,
}

impl Injector {
    /// For a schedule whose load starts at `start`.
    pub(super) fn new(
        stack: Arc<Stack>,
        journal: Journal,
        teller: Teller,
        start: Instant,
        schedule: Schedule,
        cancel: CancellationToken,
    ) -> Self {
        let plan = Mutex::new(Plan { schedule, acting: BTreeMap::new() });
        let (by_hand, closing) = (TaskTracker::new(), CancellationToken::new());
        Self { stack, journal, teller, start, cancel, plan, by_hand, closing }
    }

    /// Does every fault of the schedule at its time; done when all are undone and the system is ready, or is not in time.
    /// When cancelled, what acts is undone at once and nothing more is begun.
    pub(super) async fn run(&self) {
        let faults = self.plan().schedule.faults.clone();
        let all = faults.iter().enumerate().map(|(index, fault)| async move {
            if self.sleep_until(fault.at.micros()).await {
                let heal = self.act(index, fault);
                self.one(index, fault, Some(fault.until.micros()), heal).await;
            }
        });
        futures::future::join_all(all).await;
    }

    /// Begins a fault by hand, which lasts until it is healed; its number.
    ///
    /// # Errors
    /// [`ByHandError`] where another is in its way, or the run goes to its end.
    pub(super) async fn begin(self: &Arc<Self>, fault: PlannedFault) -> Result<usize, ByHandError> {
        if self.closing.is_cancelled() || self.cancel.is_cancelled() {
            return Err(ByHandError::Over);
        }
        let at = self.moment();
        let fault = PlannedFault { at, until: at, ..fault };
        let (index, heal) = {
            let mut plan = self.plan();
            if let Some(other) = plan.acting.values().find(|acting| acting.is_in_the_way_of(&fault)) {
                return Err(ByHandError::Overlaps { what: other.name() });
            }
            let index = plan.schedule.faults.len();
            plan.schedule.faults.push(fault.clone());
            (index, plan.act(index, &fault))
        };
        self.amend().await;
        let injector = Arc::clone(self);
        self.by_hand.spawn(async move { injector.one(index, &fault, None, heal).await });
        Ok(index)
    }

    /// Heals a fault that acts, before its time if it has one.
    ///
    /// # Errors
    /// [`ByHandError::NotActing`].
    pub(super) fn heal(&self, index: usize) -> Result<(), ByHandError> {
        let plan = self.plan();
        let acting = plan.acting.get(&index).ok_or(ByHandError::NotActing(index))?;
        acting.heal.cancel();
        Ok(())
    }

    /// Names of the faults that act.
    pub(super) fn acting(&self) -> Vec<String> {
        self.plan().acting.values().map(Acting::name).collect()
    }

    /// Takes no more faults by hand, heals those that act, and waits until the system is ready or is not in time.
    pub(super) async fn finish(&self) {
        self.closing.cancel();
        self.by_hand.close();
        self.by_hand.wait().await;
    }

    /// Heals what acts, and waits until the load has had the time to show that everything works again.
    pub(super) async fn settle(&self) {
        self.finish().await;
        let last = self.plan().last_until();
        if let Some(last) = last {
            tokio::time::sleep_until(self.start + last + SHOWN).await;
        }
    }

    /// The paths that faults hurt, each with the time from which on it is to work again. A fault by hand that acts still
    /// has no such time.
    pub(super) fn awaited(&self) -> Vec<Awaited> {
        let schedule = self.schedule();
        let affected = affected(self.stack.topology(), &schedule);
        let faults = schedule.faults.iter().zip(affected).filter(|(fault, _)| fault.until > fault.at);
        let is_loaded = |path: &String| schedule.streams.iter().any(|stream| stream.path == *path);
        faults
            .flat_map(|(fault, paths)| {
                let since = i64::try_from(fault.until.micros()).unwrap_or(i64::MAX);
                paths.into_iter().filter(is_loaded).map(move |path| (path, since))
            })
            .collect()
    }

    /// The load goes on from now on, as long as the system may take to recover; with what is planned then, and from when.
    /// None if that time is over, or there is nothing to go on with.
    pub(super) async fn load_goes_on(&self) -> Option<(Schedule, Span)> {
        let from = self.moment();
        let by = self.recovered_by() + LATE;
        let until = Span::from_micros(u64::try_from(by.as_micros()).unwrap_or(u64::MAX));
        let schedule = self.schedule().going_on(from, until)?;
        self.plan().schedule = schedule.clone();
        self.amend().await;
        Some((schedule, from))
    }

    /// The load has ended before its time: nothing was due from now on.
    pub(super) async fn load_ends(&self) {
        let ended = self.moment();
        for stream in &mut self.plan().schedule.streams {
            stream.until = stream.until.min(ended);
        }
        self.amend().await;
    }

    /// What was planned, with what came by hand.
    pub(super) fn schedule(&self) -> Schedule {
        self.plan().schedule.clone()
    }

    async fn one(&self, index: usize, fault: &PlannedFault, until: Option<u64>, heal: CancellationToken) {
        self.tell(index, FaultStage::Begin, Vec::new()).await;
        let done = self.begin_and_undo(index, fault, until, &heal).await;
        // Before anybody waits for the rest of the system: it can be done again.
        self.plan().acting.remove(&index);
        match done {
            Ok(()) => self.wait_ready(index).await,
            Err(error) => {
                let evidence = vec![Evidence::new(error.to_string(), false)];
                self.tell(index, FaultStage::Broken, evidence).await;
            }
        }
    }

    async fn begin_and_undo(
        &self,
        index: usize,
        fault: &PlannedFault,
        until: Option<u64>,
        heal: &CancellationToken,
    ) -> Result<(), fault::FaultError> {
        let (active, evidence) = fault::begin(fault, &self.stack, &self.journal).await?;
        if let Some(stop) = active.stop() {
            self.teller.record(end::stop_event(stop, self.start)).await;
        }
        self.tell(index, FaultStage::Active, evidence).await;
        let in_time = tokio::select! {
            in_time = self.sleep_until(until.unwrap_or(u64::MAX / 2)) => in_time,
            () = heal.cancelled() => false,
            () = self.closing.cancelled() => false,
        };
        if !in_time && !self.cancel.is_cancelled() {
            let ended = self.moment();
            if let Some(fault) = self.plan().schedule.faults.get_mut(index) {
                fault.until = ended;
            }
            self.amend().await;
        }
        self.tell(index, FaultStage::Heal, Vec::new()).await;
        let evidence = fault::undo(active, &self.stack, &self.journal).await?;
        self.tell(index, FaultStage::Healed, evidence).await;
        Ok(())
    }

    async fn wait_ready(&self, index: usize) {
        let by = self.ready_by();
        let ready = tokio::select! {
            ready = self.stack.wait_all_ready(by) => ready,
            () = self.cancel.cancelled() => return,
        };
        match ready {
            Ok(()) => self.tell(index, FaultStage::Ready, Vec::new()).await,
            Err(error) => tracing::warn!("not ready again: {error}"),
        }
    }

    /// How long after the start of the load it is.
    fn moment(&self) -> Span {
        Span::from_micros(u64::try_from(now(self.start)).unwrap_or(0))
    }

    /// By when the system must be ready after all faults.
    fn ready_by(&self) -> Instant {
        self.start + self.recovered_by() + SLACK
    }

    /// By when every path is to work after all faults, from the start of the load on.
    fn recovered_by(&self) -> Duration {
        let plan = self.plan();
        let last = plan.last_until().unwrap_or_default();
        last + plan.schedule.expect.recovers_within.duration()
    }

    /// Whether the time came before the run was cancelled.
    async fn sleep_until(&self, micros: u64) -> bool {
        tokio::select! {
            () = tokio::time::sleep_until(self.start + Duration::from_micros(micros)) => true,
            () = self.cancel.cancelled() => false,
        }
    }

    fn act(&self, index: usize, fault: &PlannedFault) -> CancellationToken {
        self.plan().act(index, fault)
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records what is planned now.
    async fn amend(&self) {
        let schedule = self.schedule();
        let affected = affected(self.stack.topology(), &schedule);
        self.teller.record(Event::Amend { schedule: Box::new(schedule), affected }).await;
    }

    async fn tell(&self, index: usize, stage: FaultStage, evidence: Vec<Evidence>) {
        self.teller.record(Event::Fault { index, stage, at: now(self.start), evidence }).await;
    }
}

impl Plan {
    /// When the last of the faults is over, from the start of the load on; none without faults.
    fn last_until(&self) -> Option<Duration> {
        self.schedule.faults.iter().map(|fault| fault.until.duration()).max()
    }

    fn act(&mut self, index: usize, fault: &PlannedFault) -> CancellationToken {
        let heal = CancellationToken::new();
        let acting = Acting { kind: fault.kind, target: fault.target.clone(), heal: heal.clone() };
        self.acting.insert(index, acting);
        heal
    }
}

impl Acting {
    fn name(&self) -> String {
        fault_name(self.kind, &self.target)
    }

    /// As in a scenario: one fault of a node or link at a time, but toxics act one behind the other.
    fn is_in_the_way_of(&self, fault: &PlannedFault) -> bool {
        let both_toxics = self.kind.spec().is_some() && fault.kind.spec().is_some();
        self.target == fault.target && !both_toxics
    }
}

/// For each fault of a schedule the paths whose answers depend on what is faulty.
pub(super) fn affected(topology: &Topology, schedule: &Schedule) -> Vec<Vec<String>> {
    let of = |fault: &PlannedFault| {
        let paths = fault.targets().into_iter().flat_map(|target| topology.paths_through(&target));
        paths.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    };
    schedule.faults.iter().map(of).collect()
}
