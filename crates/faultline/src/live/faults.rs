//! What became of faults, one after the other.

use serde::Serialize;

use crate::history::event::fault_name;
use crate::history::{Evidence, FaultStage};
use crate::scenario::Schedule;

/// A fault. Times are seconds after the start of the load.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FaultState {
    index: usize,
    what: String,
    begin: f64,
    active: Option<f64>,
    undo: Option<f64>,
    undone: Option<f64>,
    ready: Option<f64>,
    broken: bool,
    evidence: Vec<Evidence>,
}

/// Faults of one run, or between two.
#[derive(Debug, Default)]
pub struct Faults {
    /// What each is, by its number.
    planned: Vec<String>,
    list: Vec<FaultState>,
}

impl Faults {
    /// Takes what is planned.
    pub fn plan(&mut self, schedule: &Schedule) {
        self.planned = schedule.faults.iter().map(|fault| fault_name(fault.kind, &fault.target)).collect();
    }

    /// Those that began, in that order.
    #[must_use]
    pub fn list(&self) -> &[FaultState] {
        &self.list
    }

    /// Takes a step of a fault; in words, what happened.
    pub fn take(&mut self, index: usize, stage: FaultStage, at: f64, evidence: &[Evidence]) -> String {
        let fault = self.of(index, at);
        fault.evidence.extend_from_slice(evidence);
        let what = &fault.what;
        match stage {
            FaultStage::Begin => format!("{what} begins"),
            FaultStage::Active => {
                fault.active = Some(at);
                format!("{what} acts")
            }
            FaultStage::Undo => {
                fault.undo = Some(at);
                format!("undoing {what}")
            }
            FaultStage::Undone => {
                fault.undone = Some(at);
                format!("{what} is undone")
            }
            FaultStage::Ready => {
                fault.ready = Some(at);
                format!("all nodes are ready after {what}")
            }
            FaultStage::Broken => {
                fault.broken = true;
                format!("{what} is broken")
            }
        }
    }

    fn of(&mut self, index: usize, begin: f64) -> &mut FaultState {
        let place = self.list.iter().position(|fault| fault.index == index).unwrap_or(self.list.len());
        if place == self.list.len() {
            let what = self.planned.get(index).cloned().unwrap_or_else(|| format!("fault {index}"));
            self.list.push(FaultState {
                index,
                what,
                begin,
                active: None,
                undo: None,
                undone: None,
                ready: None,
                broken: false,
                evidence: Vec::new(),
            });
        }
        &mut self.list[place]
    }
}
