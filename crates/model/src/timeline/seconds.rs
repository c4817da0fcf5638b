//! Counts and latencies by second and path.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Counts, Retention};
use crate::history::{Completion, Outcome};
use crate::measure::Latency;

/// Seconds that a [`Retention::Recent`] timeline keeps.
// A quarter of an hour, which is what the charts of the live lab show.
const KEPT: usize = 900;

/// Age in seconds at which a second of a [`Retention::Recent`] timeline exchanges its histogram for figures.
// A histogram for each second and path would grow with the run. A latency that comes later is counted without a place
// in them.
const OPEN: u64 = 90;

/// Operations of one path that were due in one second. Latencies are milliseconds from the due time of those that were
/// ok.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct PathSecond {
    /// Counts by outcome.
    #[serde(flatten)]
    pub counts: Counts,
    /// Median latency.
    pub p50: Option<f64>,
    /// 99th percentile of latencies.
    pub p99: Option<f64>,
    /// Longest latency.
    pub max: Option<f64>,
}

/// One second of all paths.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SecondCounts {
    /// Number, from 0 at the start of the load.
    pub second: u64,
    /// Operations by path.
    pub paths: BTreeMap<String, PathSecond>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bin {
    pub(super) counts: Counts,
    latency: Latencies,
}

#[derive(Debug, Clone, PartialEq)]
enum Latencies {
    Open(Latency),
    /// p50, p99 and max of a second that takes no more.
    Closed([Option<f64>; 3]),
}

/// Counts and latencies by second and path.
#[derive(Debug, Clone, PartialEq)]
pub struct Seconds {
    retention: Retention,
    bins: BTreeMap<u64, BTreeMap<String, Bin>>,
    /// Revision at which each second changed last.
    changed: BTreeMap<u64, u64>,
    revision: u64,
}

impl Seconds {
    pub(super) fn new(retention: Retention) -> Self {
        Self { retention, bins: BTreeMap::new(), changed: BTreeMap::new(), revision: 0 }
    }

    pub(super) fn settle(&mut self, path: &str, due: i64, settled: &Completion) {
        self.change(path, due, |bin| {
            bin.counts.settle(settled.outcome);
            if let (Outcome::Ok, Latencies::Open(latency)) = (settled.outcome, &mut bin.latency) {
                latency.record(u64::try_from(settled.at - due).unwrap_or(0));
            }
        });
    }

    pub(super) fn change(&mut self, path: &str, due: i64, change: impl FnOnce(&mut Bin)) {
        // A time before the start, from a clock that went back, counts in the first second.
        let second = u64::try_from(due).unwrap_or(0) / 1_000_000;
        if !self.bins.contains_key(&second) {
            self.begin(second);
        }
        // A second that is older than all that are kept was removed as soon as it began.
        let Some(paths) = self.bins.get_mut(&second) else { return };
        // Not `entry`, which needs an owned key: the path is known nearly always, and each event comes here.
        if !paths.contains_key(path) {
            paths.insert(path.to_owned(), Bin::new());
        }
        if let Some(bin) = paths.get_mut(path) {
            change(bin);
            self.revision += 1;
            self.changed.insert(second, self.revision);
        }
    }

    /// Begins a second. Others become old by it.
    fn begin(&mut self, second: u64) {
        self.bins.insert(second, BTreeMap::new());
        if self.retention == Retention::Whole {
            return;
        }
        while self.bins.len() > KEPT {
            if let Some((oldest, _)) = self.bins.pop_first() {
                self.changed.remove(&oldest);
            }
        }
        let settled = second.saturating_sub(OPEN);
        // All of them, since an operation that ended late may have begun one between others that are closed.
        let old = self.bins.range_mut(..settled).flat_map(|(_, paths)| paths.values_mut());
        for bin in old.filter(|bin| matches!(bin.latency, Latencies::Open(_))) {
            bin.latency = Latencies::Closed(bin.latency.figures());
        }
    }

    /// Lists every second that is kept.
    #[must_use]
    pub fn all(&self) -> Vec<SecondCounts> {
        self.bins.iter().map(|(second, paths)| figures(*second, paths)).collect()
    }

    /// Lists the seconds that changed after a revision, and returns the revision to ask from next time; 0 is before all.
    #[must_use]
    pub fn changed_since(&self, revision: u64) -> (Vec<SecondCounts>, u64) {
        let changed = self.changed.iter().filter(|(_, at)| **at > revision);
        let found = changed.filter_map(|(second, _)| Some(figures(*second, self.bins.get(second)?)));
        (found.collect(), self.revision)
    }
}

impl Bin {
    fn new() -> Self {
        // Coarse, since there are as many histograms as paths and open seconds.
        Self { counts: Counts::default(), latency: Latencies::Open(Latency::coarse()) }
    }

    fn figures(&self) -> PathSecond {
        let [p50, p99, max] = self.latency.figures();
        PathSecond { counts: self.counts, p50, p99, max }
    }
}

impl Latencies {
    fn figures(&self) -> [Option<f64>; 3] {
        match self {
            Self::Open(latency) => {
                [0.5, 0.99, 1.0].map(|share| latency.quantile(share).map(|micros| micros as f64 / 1000.0))
            }
            Self::Closed(figures) => *figures,
        }
    }
}

fn figures(second: u64, paths: &BTreeMap<String, Bin>) -> SecondCounts {
    SecondCounts { second, paths: paths.iter().map(|(path, bin)| (path.clone(), bin.figures())).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(at: i64) -> Completion {
        Completion {
            id: "1".into(),
            at,
            outcome: Outcome::Ok,
            status: None,
            message: None,
            undeclared: false,
        }
    }

    #[test]
    fn recent_seconds_are_bounded_however_long_a_run_goes_on_and_whatever_the_clock_does() {
        let mut seconds = Seconds::new(Retention::Recent);
        // Times that jump far ahead, back, and before the start come last.
        let jumps = [9_000_000_000_000, 5_000_000, -7];
        for due in (0..2_000).map(|second| second * 1_000_000).chain(jumps) {
            seconds.settle("p", due, &settled(due + 2_000));
        }
        assert!(seconds.all().len() <= KEPT);
        assert!(seconds.changed.len() <= KEPT);
        let bins = seconds.bins.values().flat_map(BTreeMap::values);
        let open = bins.filter(|bin| matches!(bin.latency, Latencies::Open(_))).count();
        assert!(open <= OPEN as usize + 4, "{open}");
    }

    #[test]
    fn a_revision_tells_the_seconds_that_changed_after_it() {
        let mut seconds = Seconds::new(Retention::Recent);
        seconds.settle("p", 0, &settled(2_000));
        let (first, revision) = seconds.changed_since(0);
        assert_eq!(first.iter().map(|second| second.second).collect::<Vec<_>>(), [0]);
        assert_eq!(seconds.changed_since(revision).0, []);
        seconds.settle("p", 1_500_000, &settled(1_600_000));
        let (second, _) = seconds.changed_since(revision);
        assert_eq!(second.iter().map(|second| second.second).collect::<Vec<_>>(), [1]);
        assert_eq!(second[0].paths["p"].p50.map(f64::round), Some(100.0));
    }
}
