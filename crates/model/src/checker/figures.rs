//! Counts and quantiles, per path and per fault.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::coverage::{self, Coverage};
use super::set::DifferencesByPath;
use super::times::{detect, positive, recover};
use crate::history::{Evidence, Outcome};
use crate::scenario::FaultKind;
use crate::timeline::Operation;
use crate::timeline::{FaultWindow, Timeline};

/// Latencies of operations that were ok, in milliseconds, from the due time to the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quantiles {
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Longest latency.
    pub max: f64,
}

/// Counts of a set of operations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OutcomeCounts {
    /// All operations that were due: sent and dropped.
    pub offered: u64,
    /// Operations that were sent.
    pub sent: u64,
    /// Operations that were due and not sent, since too many were in flight.
    pub dropped: u64,
    /// Operations that were acknowledged.
    pub ok: u64,
    /// Operations that certainly had no effect.
    pub fail: u64,
    /// Operations whose effect is unknown.
    pub info: u64,
    /// Answers of status 2xx that are not what their path declares; counted under `info` too.
    #[serde(default)]
    pub undeclared: u64,
    /// Latency of the operations that were ok; none without any.
    pub latency_ms: Option<Quantiles>,
}

/// Figures of one path.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PathFigures {
    /// Counts of all operations of the path.
    #[serde(flatten)]
    pub tally: OutcomeCounts,
    /// Operations offered per second, over the time of the load.
    pub offered_per_s: f64,
    /// Operations acknowledged per second, over the time of the load.
    pub ok_per_s: f64,
    /// Extent to which the entries were checked; the counts that follow are there where they were.
    #[serde(default)]
    pub entries: Coverage,
    /// Entries acknowledged and not stored.
    pub lost: Option<u64>,
    /// Entries stored more than once.
    pub duplicated: Option<u64>,
    /// Entries of operations that ended `info`, and stored.
    pub recovered: Option<u64>,
    /// Entries stored though failed or dropped.
    pub unexpected: Option<u64>,
    /// Entries stored with other content than was sent.
    // The alias is the key of version 1 of `report.json`, which is still read.
    #[serde(alias = "altered")]
    pub corrupted: Option<u64>,
    /// Operations in the steady state.
    #[serde(alias = "without_fault")]
    pub steady_state: OutcomeCounts,
}

/// Figures of one fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FaultFigures {
    /// Name of the fault, like `kill rabbitmq`.
    pub what: String,
    /// Kind of the fault: a name of `faultline faults`.
    #[schemars(with = "String")]
    pub kind: FaultKind,
    /// Node, link or groups.
    pub target: String,
    /// Time of the injection, in milliseconds after the start of the load.
    pub from_ms: i64,
    /// Time at which healing began, in milliseconds after the start of the load.
    #[serde(alias = "undo_ms")]
    pub heal_ms: Option<i64>,
    /// Time at which every node was ready again, in milliseconds after the start of the load.
    pub to_ms: Option<i64>,
    /// Observations that show the fault and its end.
    pub evidence: Vec<Evidence>,
    /// Time to detect the fault, in milliseconds; none if nothing showed it.
    pub detect_ms: Option<u64>,
    /// Time from healing until every node was ready, in milliseconds; none if not all were.
    pub ready_ms: Option<u64>,
    /// Time to recover of each affected path, in milliseconds; none if it was not observed.
    pub recover_ms: BTreeMap<String, Option<u64>>,
    /// Operations of each path before, during and after it.
    pub phases: BTreeMap<String, Phases>,
}

/// Operations of a path before, during and after a fault.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Phases {
    /// Operations that ended before the fault.
    pub before: OutcomeCounts,
    /// Operations in flight at some moment of the fault.
    pub during: OutcomeCounts,
    /// Operations that were due after the fault.
    pub after: OutcomeCounts,
}

/// Computes quantiles of latencies in microseconds, by the nearest-rank method.
#[must_use]
pub fn quantiles(mut micros: Vec<u64>) -> Option<Quantiles> {
    // Exact, unlike the histogram of a load: a history holds every operation anyway.
    micros.sort_unstable();
    let last = micros.len().checked_sub(1)?;
    let at = |share: f64| {
        let rank = (share * micros.len() as f64).ceil() as usize;
        micros[rank.saturating_sub(1).min(last)] as f64 / 1000.0
    };
    Some(Quantiles { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1.0) })
}

/// Counts a set of operations.
#[must_use]
pub fn tally<'a>(operations: impl Iterator<Item = &'a Operation>) -> OutcomeCounts {
    let mut tally = OutcomeCounts::default();
    let mut latencies = Vec::new();
    for operation in operations {
        tally.offered += 1;
        tally.sent += u64::from(operation.sent.is_some());
        tally.undeclared += u64::from(operation.undeclared);
        match operation.outcome {
            None => tally.dropped += 1,
            Some(Outcome::Ok) => {
                tally.ok += 1;
                // Of these alone: an operation that fails at once would improve the figures.
                latencies.extend(operation.latency());
            }
            Some(Outcome::Fail) => tally.fail += 1,
            Some(Outcome::Info) => tally.info += 1,
        }
    }
    tally.latency_ms = quantiles(latencies);
    tally
}

/// Computes the figures of every path.
#[must_use]
pub fn paths(timeline: &Timeline, stored: &DifferencesByPath) -> BTreeMap<String, PathFigures> {
    // The time in which operations were due. Late answers do not lower the rate.
    let seconds = timeline.run.schedule.ends() as f64 / 1_000_000.0;
    let figures = |path: &str| {
        let all = tally(timeline.of_path(path));
        let entries = coverage::coverage_of(timeline, path, stored);
        let found = stored.get(path).filter(|_| entries == Coverage::Checked);
        let count =
            |list: fn(&super::set::Differences) -> &Vec<String>| found.map(|found| list(found).len() as u64);
        PathFigures {
            offered_per_s: rate(all.offered, seconds),
            ok_per_s: rate(all.ok, seconds),
            tally: all,
            entries,
            lost: count(|found| &found.lost),
            duplicated: count(|found| &found.duplicated),
            recovered: count(|found| &found.recovered),
            unexpected: count(|found| &found.unexpected),
            corrupted: count(|found| &found.corrupted),
            steady_state: tally(
                timeline.of_path(path).filter(|operation| !timeline.is_under_fault(operation)),
            ),
        }
    };
    timeline.paths().into_iter().map(|path| (path.to_owned(), figures(path))).collect()
}

fn rate(count: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { (count as f64 / seconds * 10.0).round() / 10.0 } else { 0.0 }
}

/// Computes the figures of every fault that was injected.
#[must_use]
pub fn faults(timeline: &Timeline) -> Vec<FaultFigures> {
    timeline.faults.windows().iter().map(|window| fault(timeline, window)).collect()
}

fn fault(timeline: &Timeline, window: &FaultWindow) -> FaultFigures {
    let planned = timeline.run.schedule.faults.get(window.index);
    let recovered =
        |path: &String| (path.clone(), recover(timeline, window, path).map(|micros| micros / 1000));
    let loaded = timeline.paths();
    FaultFigures {
        what: window.name.clone(),
        // The lab records no fault that it has not scheduled, but no history may cause a panic.
        kind: planned.map_or(FaultKind::Kill, |fault| fault.kind),
        target: planned.map_or_else(String::new, |fault| fault.target.clone()),
        from_ms: window.begin / 1000,
        heal_ms: window.heal.map(|at| at / 1000),
        to_ms: window.ready.map(|at| at / 1000),
        evidence: window.evidence.iter().map(|(_, seen)| seen.clone()).collect(),
        detect_ms: detect(timeline, window).map(|micros| micros / 1000),
        ready_ms: window.ready.zip(window.heal).map(|(ready, heal)| positive(ready - heal) / 1000),
        recover_ms: window
            .affected
            .iter()
            .filter(|path| loaded.contains(path.as_str()))
            .map(recovered)
            .collect(),
        phases: loaded.iter().map(|path| ((*path).to_owned(), phases(timeline, window, path))).collect(),
    }
}

fn phases(timeline: &Timeline, window: &FaultWindow, path: &str) -> Phases {
    let touched = |operation: &&Operation| window.touches(operation);
    Phases {
        before: tally(timeline.of_path(path).filter(|o| !window.touches(o) && o.last_seen() < window.begin)),
        during: tally(timeline.of_path(path).filter(touched)),
        after: tally(timeline.of_path(path).filter(|o| !window.touches(o) && o.due > window.end())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_nearest_rank() {
        let hundred: Vec<u64> = (1..=100).map(|ms| ms * 1000).collect();
        let found = quantiles(hundred).unwrap();
        assert_eq!(found, Quantiles { p50: 50.0, p90: 90.0, p99: 99.0, max: 100.0 });
        assert_eq!(quantiles(vec![]), None);
        assert_eq!(quantiles(vec![2000]).unwrap().p99, 2.0);
    }
}
