//! What became of operations by the second that they were due in.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::history::{Event, Outcome};
use crate::measure::Latency;

/// Seconds that are kept.
const KEPT: usize = 900;

/// Seconds after which the latencies of a second are made figures; an operation that ends later counts without one.
const OPEN: u64 = 90;

/// Figures of one path in one second. Latencies are in milliseconds from the due time, of those that were ok.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Due.
    pub offered: u64,
    /// Acknowledged.
    pub ok: u64,
    /// Surely without effect.
    pub fail: u64,
    /// Outcome unknown.
    pub info: u64,
    /// Due, and not sent.
    pub dropped: u64,
    /// Half of them took no longer.
    pub p50: Option<f64>,
    /// 99 of 100 took no longer.
    pub p99: Option<f64>,
    /// The longest.
    pub max: Option<f64>,
}

/// One second of all paths.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SecondFigures {
    /// Which, after the start of the load.
    pub second: u64,
    /// By path.
    pub paths: BTreeMap<String, Figures>,
}

#[derive(Debug, Default)]
struct Bin {
    figures: Figures,
    /// None once they were made figures.
    latency: Option<Latency>,
}

/// Seconds of a run, the latest of them.
#[derive(Debug, Default)]
pub struct Seconds {
    bins: BTreeMap<u64, BTreeMap<String, Bin>>,
    /// Operations under way: path and due second.
    under_way: std::collections::HashMap<String, (String, i64)>,
    changed: BTreeSet<u64>,
}

impl Seconds {
    /// Takes an event; others than those of operations change nothing.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Invoke(invoke) => {
                self.under_way.insert(invoke.id.clone(), (invoke.path.clone(), invoke.due));
                self.count(&invoke.path, invoke.due, |bin| bin.figures.offered += 1);
            }
            Event::Drop { path, due, .. } => self.count(path, *due, |bin| {
                bin.figures.offered += 1;
                bin.figures.dropped += 1;
            }),
            Event::Settle(settled) => {
                let Some((path, due)) = self.under_way.remove(&settled.id) else { return };
                self.count(&path, due, |bin| match settled.outcome {
                    Outcome::Ok => {
                        bin.figures.ok += 1;
                        if let Some(latency) = &mut bin.latency {
                            latency.record(u64::try_from(settled.at - due).unwrap_or(0));
                        }
                    }
                    Outcome::Fail => bin.figures.fail += 1,
                    Outcome::Info => bin.figures.info += 1,
                });
            }
            Event::LoadEnded { .. } => self.under_way.clear(),
            _ => {}
        }
    }

    fn count(&mut self, path: &str, due: i64, count: impl FnOnce(&mut Bin)) {
        let second = u64::try_from(due).unwrap_or(0) / 1_000_000;
        if !self.bins.contains_key(&second) {
            self.begin(second);
        }
        let Some(paths) = self.bins.get_mut(&second) else { return };
        if !paths.contains_key(path) {
            let bin = Bin { figures: Figures::default(), latency: Some(Latency::coarse()) };
            paths.insert(path.to_owned(), bin);
        }
        if let Some(bin) = paths.get_mut(path) {
            count(bin);
            self.changed.insert(second);
        }
    }

    /// A second that is new: others become old by it.
    fn begin(&mut self, second: u64) {
        self.bins.insert(second, BTreeMap::new());
        while self.bins.len() > KEPT {
            self.bins.pop_first();
        }
        let settled = second.saturating_sub(OPEN);
        for bin in self.bins.range_mut(..settled).rev().flat_map(|(_, paths)| paths.values_mut()) {
            // Those before were closed when this was younger.
            if bin.latency.is_none() {
                break;
            }
            bin.close();
        }
    }

    /// All that are kept.
    #[must_use]
    pub fn all(&self) -> Vec<SecondFigures> {
        self.bins.iter().map(|(second, paths)| figures(*second, paths)).collect()
    }

    /// Those that changed since they were last taken.
    pub fn take_changed(&mut self) -> Vec<SecondFigures> {
        let changed = std::mem::take(&mut self.changed);
        let found = changed.into_iter().filter_map(|second| Some((second, self.bins.get(&second)?)));
        found.map(|(second, paths)| figures(second, paths)).collect()
    }
}

impl Bin {
    fn figures(&self) -> Figures {
        let Some(latency) = &self.latency else { return self.figures };
        let at = |share| latency.quantile(share).map(|micros| micros as f64 / 1000.0);
        Figures { p50: at(0.5), p99: at(0.99), max: at(1.0), ..self.figures }
    }

    fn close(&mut self) {
        self.figures = self.figures();
        self.latency = None;
    }
}

fn figures(second: u64, paths: &BTreeMap<String, Bin>) -> SecondFigures {
    SecondFigures { second, paths: paths.iter().map(|(path, bin)| (path.clone(), bin.figures())).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Invoke, Settled};

    fn one(seconds: &mut Seconds, id: u64, due: i64, outcome: Option<Outcome>) {
        let (id, path) = (id.to_string(), "p".to_owned());
        seconds.take(&Event::Invoke(Invoke { id: id.clone(), path, due, sent: due, hash: None }));
        if let Some(outcome) = outcome {
            let settled =
                Settled { id, at: due + 2_000, outcome, status: None, message: None, undeclared: false };
            seconds.take(&Event::Settle(settled));
        }
    }

    #[test]
    fn operations_are_counted_in_the_second_that_they_were_due_in() {
        let mut seconds = Seconds::default();
        one(&mut seconds, 1, 100, Some(Outcome::Ok));
        one(&mut seconds, 2, 1_000_100, Some(Outcome::Fail));
        one(&mut seconds, 3, 1_000_200, None);
        seconds.take(&Event::Drop { id: "4".into(), path: "p".into(), due: 1_999_999 });
        let all = seconds.all();
        assert_eq!((all[0].second, all[0].paths["p"].ok), (0, 1));
        assert_eq!(all[0].paths["p"].p50.map(f64::round), Some(2.0));
        let second = all[1].paths["p"];
        assert_eq!((second.offered, second.ok, second.fail, second.dropped), (3, 0, 1, 1));
        assert_eq!(seconds.take_changed().len(), 2);
        assert!(seconds.take_changed().is_empty());
    }

    #[test]
    fn memory_is_bounded_however_long_it_goes_on_and_whatever_the_clock_does() {
        let mut seconds = Seconds::default();
        for second in 0..2_000 {
            one(&mut seconds, second, second as i64 * 1_000_000, Some(Outcome::Ok));
        }
        // One that jumps far ahead, and back, and before the start.
        for due in [9_000_000_000_000, 5_000_000, -7] {
            one(&mut seconds, 1 << 40, due, Some(Outcome::Ok));
        }
        assert!(seconds.all().len() <= KEPT);
        let open = seconds.bins.values().flat_map(BTreeMap::values).filter(|bin| bin.latency.is_some());
        assert!(open.count() <= OPEN as usize + 4);
        assert!(seconds.under_way.is_empty());
    }
}
