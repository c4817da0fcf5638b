//! The schedule of a run, with its manual changes and active faults. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::recovery::RecoveryGoal;
use crate::history::fault_stage::fault_name;
use crate::scenario::duration::Span;
use crate::scenario::{FaultKind, PlannedFault, Schedule};
use crate::stack::Topology;

/// Schedule of a run, and its active faults.
#[derive(Debug)]
pub(super) struct FaultPlan {
    pub(super) schedule: Schedule,
    active: BTreeMap<usize, ActiveFault>,
}

/// A fault that is active, or being healed.
#[derive(Debug, Clone)]
struct ActiveFault {
    kind: FaultKind,
    target: String,
    heal: CancellationToken,
    is_manual: bool,
}

/// Refusal of a manual fault, or of its healing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManualFaultError {
    /// Another fault of the same node or link is active.
    #[error("{what} is still active; heal it first")]
    Overlaps {
        /// Name of the other fault, like `kill rabbitmq`.
        what: String,
    },
    /// No fault of this number is active.
    #[error("fault {0} is not active")]
    NotActive(usize),
    /// The run has not begun.
    #[error("the run has not begun; no faults accepted yet")]
    NotStarted,
    /// The run is ending, or over.
    #[error("the run is ending; no more faults accepted")]
    Ending,
}

impl FaultPlan {
    /// Makes the plan of a schedule, without active faults.
    pub(super) fn new(schedule: Schedule) -> Self {
        Self { schedule, active: BTreeMap::new() }
    }

    /// Adds a manual fault that is active from now on; returns its number, and the token that heals it.
    ///
    /// # Errors
    /// [`ManualFaultError::Overlaps`] if another fault is in its way.
    pub(super) fn add(
        &mut self,
        fault: &PlannedFault,
    ) -> Result<(usize, CancellationToken), ManualFaultError> {
        if let Some(other) = self.active.values().find(|other| other.is_in_the_way_of(fault)) {
            return Err(ManualFaultError::Overlaps { what: other.name() });
        }
        let index = self.schedule.faults.len();
        self.schedule.faults.push(fault.clone());
        Ok((index, self.insert(index, fault, true)))
    }

    /// Makes a planned fault active; returns the token that heals it.
    ///
    /// # Errors
    /// [`ManualFaultError::Overlaps`] if a manual fault is in its way.
    pub(super) fn activate(
        &mut self,
        index: usize,
        fault: &PlannedFault,
    ) -> Result<CancellationToken, ManualFaultError> {
        // Planned faults were compared with each other when the scenario was read. One that is healed late may still be
        // listed when the next begins.
        let mut manual = self.active.values().filter(|other| other.is_manual);
        match manual.find(|other| other.is_in_the_way_of(fault)) {
            Some(other) => Err(ManualFaultError::Overlaps { what: other.name() }),
            None => Ok(self.insert(index, fault, false)),
        }
    }

    fn insert(&mut self, index: usize, fault: &PlannedFault, is_manual: bool) -> CancellationToken {
        let heal = CancellationToken::new();
        let (kind, target) = (fault.kind, fault.target.clone());
        self.active.insert(index, ActiveFault { kind, target, heal: heal.clone(), is_manual });
        heal
    }

    /// Makes a fault inactive.
    pub(super) fn deactivate(&mut self, index: usize) {
        self.active.remove(&index);
    }

    /// Cancels the token of an active fault, which heals it.
    ///
    /// # Errors
    /// [`ManualFaultError::NotActive`].
    pub(super) fn heal(&self, index: usize) -> Result<(), ManualFaultError> {
        let active = self.active.get(&index).ok_or(ManualFaultError::NotActive(index))?;
        // The fault stays in the list until it is healed: its target is free only then, and a second
        // request does no harm.
        active.heal.cancel();
        Ok(())
    }

    /// Lists the names of the active faults.
    pub(super) fn active(&self) -> Vec<String> {
        self.active.values().map(ActiveFault::name).collect()
    }

    /// Sets the end of a fault that is healed at another time than planned.
    pub(super) fn end_fault(&mut self, index: usize, at: Span) {
        if let Some(fault) = self.schedule.faults.get_mut(index) {
            fault.until = at;
        }
    }

    /// Ends the load: nothing is due from a moment on.
    pub(super) fn end_load(&mut self, at: Span) {
        for stream in &mut self.schedule.streams {
            stream.until = stream.until.min(at);
        }
    }

    /// Returns the end of the last fault, from the start of the load; none without faults.
    pub(super) fn last_until(&self) -> Option<Duration> {
        self.schedule.faults.iter().map(|fault| fault.until.duration()).max()
    }

    /// Returns the time from the start of the load by which every path must have recovered.
    pub(super) fn recovered_by(&self) -> Duration {
        self.last_until().unwrap_or_default() + self.schedule.expect.recovers_within.duration()
    }

    /// Lists the affected paths, each with the time from which it must be ok again. A manual fault that is still active
    /// has no such time.
    pub(super) fn recovery_goals(&self, topology: &Topology) -> Vec<RecoveryGoal> {
        let schedule = &self.schedule;
        let affected = affected(topology, schedule);
        let faults = schedule.faults.iter().zip(affected).filter(|(fault, _)| fault.until > fault.at);
        // A path without a load can't show that it has recovered, so nothing is expected of it.
        let is_loaded = |path: &String| schedule.streams.iter().any(|stream| stream.path == *path);
        faults
            .flat_map(|(fault, paths)| {
                let since = i64::try_from(fault.until.micros()).unwrap_or(i64::MAX);
                paths.into_iter().filter(is_loaded).map(move |path| (path, since))
            })
            .collect()
    }
}

impl ActiveFault {
    fn name(&self) -> String {
        fault_name(self.kind, &self.target)
    }

    /// Returns true if another fault can't be injected while this one is active.
    fn is_in_the_way_of(&self, fault: &PlannedFault) -> bool {
        // As in a scenario: one fault of a node or link at a time, but toxics form a chain.
        let both_toxics = self.kind.spec().is_some() && fault.kind.spec().is_some();
        self.target == fault.target && !both_toxics
    }
}

/// Lists the affected paths of each fault of a schedule.
pub(super) fn affected(topology: &Topology, schedule: &Schedule) -> Vec<Vec<String>> {
    let of = |fault: &PlannedFault| {
        let paths = fault.targets().into_iter().flat_map(|target| topology.paths_through(&target));
        paths.collect::<BTreeSet<_>>().into_iter().collect()
    };
    schedule.faults.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::run::one_kill::schedule;

    #[test]
    fn a_node_has_one_fault_at_a_time_and_a_healed_one_may_come_again() {
        let mut plan = FaultPlan::new(schedule());
        let fault = plan.schedule.faults[0].clone();
        plan.activate(0, &fault).unwrap();
        let overlaps = plan.add(&fault).unwrap_err();
        assert_eq!(overlaps.to_string(), "kill broker is still active; heal it first");
        assert_eq!((plan.active(), plan.schedule.faults.len()), (vec!["kill broker".to_owned()], 1));
        plan.deactivate(0);
        assert_eq!(plan.heal(0), Err(ManualFaultError::NotActive(0)));
        let (index, token) = plan.add(&fault).unwrap();
        // What the scenario planned finds a manual fault in its way.
        assert_eq!(
            plan.activate(0, &fault).unwrap_err().to_string(),
            "kill broker is still active; heal it first"
        );
        plan.heal(index).unwrap();
        assert!(index == 1 && token.is_cancelled());
    }

    #[test]
    fn an_end_before_its_time_changes_the_plan() {
        let mut plan = FaultPlan::new(schedule());
        plan.end_fault(0, Span::from_micros(1_200_000));
        plan.end_load(Span::from_micros(1_500_000));
        assert_eq!(plan.last_until(), Some(Duration::from_millis(1200)));
        assert!(plan.schedule.streams.iter().all(|stream| stream.until.micros() <= 1_500_000));
    }
}
