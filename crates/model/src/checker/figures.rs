//! Counts and quantiles, per path and per fault.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::coverage::{self, Coverage};
use super::durability::ByPath;
use super::recovery::{detect, positive, recover};
use crate::history::{Evidence, Outcome};
use crate::scenario::FaultKind;
use crate::timeline::Operation;
use crate::timeline::{FaultWindow, Timeline};

/// Latencies in milliseconds, from when an operation was due to its end, of those that were ok.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quantiles {
    /// Half of them took no longer.
    pub p50: f64,
    /// Nine of ten took no longer.
    pub p90: f64,
    /// 99 of 100 took no longer.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

/// What became of a set of operations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    /// Due.
    pub offered: u64,
    /// Sent.
    pub sent: u64,
    /// Due, and not sent because too many were under way.
    pub dropped: u64,
    /// Acknowledged.
    pub ok: u64,
    /// Surely without effect.
    pub fail: u64,
    /// Outcome unknown.
    pub info: u64,
    /// Of those, answers of status 2xx that are not what their path declares.
    #[serde(default)]
    pub undeclared: u64,
    /// Latency of those that were ok; none without any.
    pub latency_ms: Option<Quantiles>,
}

/// Figures of one path.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PathFigures {
    /// All of its operations.
    #[serde(flatten)]
    pub tally: Tally,
    /// Offered a second, over the time of the load.
    pub offered_per_s: f64,
    /// Acknowledged a second, over the time of the load.
    pub ok_per_s: f64,
    /// What was looked at of its entries; the counts that follow are there where they were checked.
    #[serde(default)]
    pub entries: Coverage,
    /// Acknowledged and not stored.
    pub lost: Option<u64>,
    /// Stored more than once.
    pub duplicated: Option<u64>,
    /// Outcome unknown, and stored.
    pub recovered: Option<u64>,
    /// Stored though refused or never sent.
    pub unexpected: Option<u64>,
    /// Stored with other content than was sent.
    // Reports of version 1 call it altered.
    #[serde(alias = "altered")]
    pub corrupted: Option<u64>,
    /// Operations that no fault touched.
    pub without_fault: Tally,
}

/// Figures of one fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FaultFigures {
    /// Like `kill rabbitmq`.
    pub what: String,
    /// What was done: a name of `faultline faults`.
    #[schemars(with = "String")]
    pub kind: FaultKind,
    /// The node or link.
    pub target: String,
    /// When it began, in milliseconds after the start of the load.
    pub from_ms: i64,
    /// When it began to be undone.
    pub undo_ms: Option<i64>,
    /// When the whole system said again that it was ready.
    pub to_ms: Option<i64>,
    /// What was seen of it.
    pub evidence: Vec<Evidence>,
    /// Time to its first sign.
    pub detect_ms: Option<u64>,
    /// Time from the undoing until the whole system said that it was ready.
    pub ready_ms: Option<u64>,
    /// Time from the undoing until each path that depends on it worked again.
    pub recover_ms: BTreeMap<String, Option<u64>>,
    /// Operations of each path before, during and after it.
    pub phases: BTreeMap<String, Phases>,
}

/// What became of a path's operations around a fault.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Phases {
    /// Ended before it began.
    pub before: Tally,
    /// Under way at some moment of it.
    pub during: Tally,
    /// Due after it was over.
    pub after: Tally,
}

/// Quantiles of latencies in microseconds, by the nearest-rank method.
#[must_use]
pub fn quantiles(mut micros: Vec<u64>) -> Option<Quantiles> {
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
pub fn tally<'a>(operations: impl Iterator<Item = &'a Operation>) -> Tally {
    let mut tally = Tally::default();
    let mut latencies = Vec::new();
    for operation in operations {
        tally.offered += 1;
        tally.sent += u64::from(operation.sent.is_some());
        tally.undeclared += u64::from(operation.undeclared);
        match operation.outcome {
            None => tally.dropped += 1,
            Some(Outcome::Ok) => {
                tally.ok += 1;
                latencies.extend(operation.latency());
            }
            Some(Outcome::Fail) => tally.fail += 1,
            Some(Outcome::Info) => tally.info += 1,
        }
    }
    tally.latency_ms = quantiles(latencies);
    tally
}

/// Figures of every path.
#[must_use]
pub fn paths(timeline: &Timeline, stored: &ByPath) -> BTreeMap<String, PathFigures> {
    let seconds = timeline.run.schedule.ends() as f64 / 1_000_000.0;
    let figures = |path: &str| {
        let all = tally(timeline.of_path(path));
        let entries = coverage::of_path(timeline, path, stored);
        let found = stored.get(path).filter(|_| entries == Coverage::Checked);
        let count =
            |list: fn(&super::set::Found) -> &Vec<String>| found.map(|found| list(found).len() as u64);
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
            without_fault: tally(
                timeline.of_path(path).filter(|operation| !timeline.is_under_fault(operation)),
            ),
        }
    };
    timeline.paths().into_iter().map(|path| (path.to_owned(), figures(path))).collect()
}

fn rate(count: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { (count as f64 / seconds * 10.0).round() / 10.0 } else { 0.0 }
}

/// Figures of every fault that began.
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
        kind: planned.map_or(FaultKind::Kill, |fault| fault.kind),
        target: planned.map_or_else(String::new, |fault| fault.target.clone()),
        from_ms: window.begin / 1000,
        undo_ms: window.heal.map(|at| at / 1000),
        to_ms: window.ready.map(|at| at / 1000),
        evidence: window.evidence.iter().map(|(_, seen)| seen.clone()).collect(),
        detect_ms: detect(timeline, window).map(|micros| micros / 1000),
        ready_ms: window.ready.zip(window.heal).map(|(ready, undo)| positive(ready - undo) / 1000),
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
