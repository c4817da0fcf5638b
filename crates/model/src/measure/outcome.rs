//! The result of a whole load; `load.json` in the folder of its run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::stage::PhaseResult;
use super::tally::{LATE, Tally};
use crate::scenario::{Schedule, duration::Span};

/// Version of the format.
pub const VERSION: u32 = 1;

/// The result of a whole load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadResult {
    /// Version of the format: [`VERSION`].
    pub version: u32,
    /// Id of the run.
    pub run: String,
    /// Version of the lab.
    pub faultline: String,
    /// Start of the load: RFC 3339.
    pub started: String,
    /// Target of the load: a provider and why, or an address.
    pub aimed_at: String,
    /// Schedule with the exact arrivals.
    pub schedule: Schedule,
    /// Results by stage.
    pub phases: Vec<PhaseResult>,
    /// Duration of the load, in microseconds.
    pub took: u64,
    /// CPU time that the generator's threads used, in microseconds.
    pub generator_cpu: u64,
    /// The threshold that ended it before its time, and when, if one did.
    pub aborted: Option<String>,
    /// True if a person or the system interrupted the load.
    pub interrupted: bool,
    /// Versions of what ran and facts of the machine.
    pub environment: BTreeMap<String, String>,
}

impl LoadResult {
    /// Sums up all stages.
    #[must_use]
    pub fn whole(&self) -> PhaseResult {
        let mut paths: BTreeMap<String, Tally> = BTreeMap::new();
        for (path, tally) in self.phases.iter().flat_map(|phase| &phase.paths) {
            paths.entry(path.clone()).or_insert_with(Tally::fine).add(tally);
        }
        PhaseResult { from: Span::ZERO, until: Span::from_micros(self.schedule.ends()), paths }
    }

    /// Sums up all paths.
    #[must_use]
    pub fn total(&self) -> Tally {
        Tally::sum(self.phases.iter().flat_map(|phase| phase.paths.values()))
    }

    /// Lists reasons to doubt the figures; none if there are none.
    #[must_use]
    // A generator that was late or dropped operations measures itself, and says so rather than printing plausible
    // figures.
    pub fn doubts(&self) -> Vec<String> {
        let total = self.total();
        let mut doubts = Vec::new();
        if !total.is_timely() {
            doubts.push(format!(
                "the generator was late: it sent {:.2} % more than {} ms after they were due; the figures measure this machine, not the system alone",
                total.late_share() * 100.0,
                LATE / 1000
            ));
        }
        if total.dropped > 0 {
            doubts.push(format!(
                "{} operations were dropped, since {} were in flight: their latency is unknown, and would have been long",
                total.dropped, self.schedule.in_flight
            ));
        }
        doubts
    }

    /// CPU time of the generator for each operation that it sent, in microseconds.
    #[must_use]
    pub fn cpu_each(&self) -> Option<f64> {
        let sent = self.total().sent();
        (sent > 0).then(|| self.generator_cpu as f64 / sent as f64)
    }
}
