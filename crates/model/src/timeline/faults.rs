//! Windows of faults, from injection to recovery.

use std::collections::BTreeSet;

use super::Operation;
use crate::history::fault_stage::fault_name;
use crate::history::{Evidence, FaultStage};
use crate::scenario::Schedule;

/// The window of one fault. Times are microseconds after the start of the load.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultWindow {
    /// Number in the schedule, from 0.
    pub index: usize,
    /// Name, such as `kill rabbitmq`.
    pub name: String,
    /// Begin of the injection.
    pub begin: i64,
    /// End of the injection: the fault is active.
    pub active: Option<i64>,
    /// Begin of the healing.
    pub heal: Option<i64>,
    /// End of the healing: the fault is gone.
    pub healed: Option<i64>,
    /// Moment at which the whole system reported ready again.
    pub ready: Option<i64>,
    /// Evidence by stage.
    pub evidence: Vec<(FaultStage, Evidence)>,
    /// True if the fault could not be injected or not be healed.
    pub broken: bool,
    /// Paths whose answers depend on the target.
    pub affected: BTreeSet<String>,
}

impl FaultWindow {
    /// Returns its end: the moment of recovery, or the end of time while that has not come.
    #[must_use]
    pub fn end(&self) -> i64 {
        // Until the system has recovered, no operation may count as one of the steady state.
        self.ready.unwrap_or(i64::MAX)
    }

    /// Returns true if an operation was in flight at any moment of the window.
    #[must_use]
    pub fn touches(&self, operation: &Operation) -> bool {
        operation.due <= self.end() && operation.last_seen() >= self.begin
    }
}

/// Windows of the faults that began, in the order in which they did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FaultWindows {
    /// Name and affected paths of every fault that is planned, by its number.
    planned: Vec<(String, BTreeSet<String>)>,
    windows: Vec<FaultWindow>,
}

impl FaultWindows {
    /// Sets the plan: the schedule, and for each of its faults the affected paths.
    pub fn plan(&mut self, schedule: &Schedule, affected: &[Vec<String>]) {
        let names = schedule.faults.iter().map(|fault| fault_name(fault.kind, &fault.target));
        let paths = affected.iter().map(|paths| paths.iter().cloned().collect());
        // A fault without a list of paths affects none; without the filler `zip` would leave it out.
        self.planned = names.zip(paths.chain(std::iter::repeat(BTreeSet::new()))).collect();
        // Windows that have begun change too, as if the schedule had been so from the start.
        for window in &mut self.windows {
            if let Some((name, affected)) = self.planned.get(window.index) {
                window.name.clone_from(name);
                window.affected.clone_from(affected);
            }
        }
    }

    /// Adds a stage of a fault.
    pub fn push(&mut self, index: usize, stage: FaultStage, at: i64, evidence: &[Evidence]) {
        // By number, since faults overlap: the window that began last need not be the one.
        let place = self.windows.iter().position(|window| window.index == index);
        let place = place.unwrap_or_else(|| {
            // Without a first stage too: a damaged history has to be readable.
            self.begin(index, at);
            self.windows.len() - 1
        });
        let window = &mut self.windows[place];
        match stage {
            FaultStage::Begin => window.begin = at,
            FaultStage::Active => window.active = Some(at),
            FaultStage::Heal => window.heal = Some(at),
            FaultStage::Healed => window.healed = Some(at),
            FaultStage::Ready => window.ready = Some(at),
            FaultStage::Broken => window.broken = true,
        }
        window.evidence.extend(evidence.iter().map(|evidence| (stage, evidence.clone())));
    }

    /// Returns the name of a fault by its number in the schedule.
    #[must_use]
    pub fn name(&self, index: usize) -> String {
        self.planned.get(index).map_or_else(|| format!("fault {index}"), |(name, _)| name.clone())
    }

    fn begin(&mut self, index: usize, at: i64) {
        let (name, affected) = (self.name(index), self.planned.get(index).cloned().unwrap_or_default().1);
        self.windows.push(FaultWindow {
            index,
            name,
            begin: at,
            active: None,
            heal: None,
            healed: None,
            ready: None,
            evidence: Vec::new(),
            broken: false,
            affected,
        });
    }

    /// Lists the windows in the order in which the faults began.
    #[must_use]
    pub fn windows(&self) -> &[FaultWindow] {
        &self.windows
    }

    /// Returns the window of a fault by its number in the schedule.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&FaultWindow> {
        self.windows.iter().find(|window| window.index == index)
    }
}
