//! Faults as the page shows them.

use serde::Serialize;

use crate::history::Evidence;
use crate::timeline::FaultWindow;

/// A fault, with its times in seconds after the start of the load.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FaultState {
    index: usize,
    what: String,
    begin: f64,
    active: Option<f64>,
    heal: Option<f64>,
    healed: Option<f64>,
    ready: Option<f64>,
    broken: bool,
    evidence: Vec<Evidence>,
}

/// Converts microseconds to seconds, to the millisecond.
pub(super) fn seconds(micros: i64) -> f64 {
    (micros / 1000) as f64 / 1000.0
}

impl From<&FaultWindow> for FaultState {
    fn from(window: &FaultWindow) -> Self {
        Self {
            index: window.index,
            what: window.name.clone(),
            begin: seconds(window.begin),
            active: window.active.map(seconds),
            heal: window.heal.map(seconds),
            healed: window.healed.map(seconds),
            ready: window.ready.map(seconds),
            broken: window.broken,
            evidence: window.evidence.iter().map(|(_, evidence)| evidence.clone()).collect(),
        }
    }
}
