//! Sorts operations by path, phase and second of their due times.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::second::Second;
use super::stage::PhaseResult;
use super::tally::{OperationEnd, Tally};
use crate::scenario::Schedule;

/// Sorts the operations of one load.
// One lock serves all threads of the generator, since counting takes well under a microsecond.
#[derive(Debug)]
pub struct Meter {
    paths: Vec<String>,
    phases: Vec<PhaseResult>,
    /// Phase and path of each stream.
    streams: Vec<(usize, usize)>,
    counted: Mutex<StageTallies>,
}

#[derive(Debug)]
struct StageTallies {
    /// Tallies by stage, then by path.
    totals: Vec<Vec<Tally>>,
    /// The second that the first of `open` is.
    second: u64,
    /// Seconds that may still change, by path.
    open: VecDeque<Vec<Tally>>,
}

impl Meter {
    /// Makes an empty meter.
    #[must_use]
    pub fn new(schedule: &Schedule) -> Self {
        let mut paths: Vec<String> = schedule.streams.iter().map(|stream| stream.path.clone()).collect();
        paths.sort();
        paths.dedup();
        let mut bounds: Vec<_> = schedule.streams.iter().map(|stream| (stream.from, stream.until)).collect();
        bounds.sort();
        bounds.dedup();
        let place = |stream: &crate::scenario::ArrivalStream| {
            // Both lists are sorted and have no duplicates, so the point is the place.
            let phase = bounds.partition_point(|bound| *bound < (stream.from, stream.until));
            (phase, paths.partition_point(|path| *path < stream.path))
        };
        let streams = schedule.streams.iter().map(place).collect();
        // Fine for the totals alone: one more digit makes a histogram eight times as large.
        let totals = vec![vec![Tally::fine(); paths.len()]; bounds.len()];
        let phase = |(from, until)| PhaseResult { from, until, paths: BTreeMap::new() };
        Self {
            paths,
            phases: bounds.into_iter().map(phase).collect(),
            streams,
            counted: Mutex::new(StageTallies { totals, second: 0, open: VecDeque::new() }),
        }
    }

    /// Counts an operation of a stream that ended.
    pub fn ended(&self, stream: usize, ended: OperationEnd<'_>) {
        let mut counted = self.counted();
        self.count(&mut counted, stream, ended.due, |tally| tally.count(ended));
    }

    /// Counts an operation of a stream that was not sent.
    pub fn dropped(&self, stream: usize, due: i64) {
        self.count(&mut self.counted(), stream, due, |tally| tally.dropped += 1);
    }

    fn count(&self, counted: &mut StageTallies, stream: usize, due: i64, count: impl Fn(&mut Tally)) {
        let (phase, path) = self.streams[stream];
        count(&mut counted.totals[phase][path]);
        let second = u64::try_from(due).unwrap_or(0) / 1_000_000;
        // One that comes after its second was taken counts in the totals alone.
        if let Some(index) = second.checked_sub(counted.second) {
            let index = index as usize;
            while counted.open.len() <= index {
                counted.open.push_back(vec![Tally::coarse(); self.paths.len()]);
            }
            count(&mut counted.open[index][path]);
        }
    }

    /// Removes and returns the seconds before `until` in which an operation was due.
    pub fn take(&self, until: u64) -> Vec<Second> {
        let mut counted = self.counted();
        let mut taken = Vec::new();
        while counted.second < until {
            let Some(tallies) = counted.open.pop_front() else {
                // Nothing was due in these seconds, and `open` has to begin at the next one.
                counted.second = until;
                break;
            };
            let second = counted.second;
            counted.second += 1;
            taken.extend(self.named(tallies).map(|(path, tally)| Second { second, path, tally }));
        }
        taken
    }

    /// Removes and returns the remaining seconds.
    pub fn take_rest(&self) -> Vec<Second> {
        // In a block, since `take` takes the lock that is held here.
        let until = {
            let counted = self.counted();
            counted.second + counted.open.len() as u64
        };
        self.take(until)
    }

    /// Tallies the operations that were due in the last `count` seconds before `until`, by path.
    #[must_use]
    pub fn recent(&self, until: u64, count: u64) -> BTreeMap<String, Tally> {
        let counted = self.counted();
        // Seconds that were taken are not here any more.
        let seconds = until.saturating_sub(count).max(counted.second)..until;
        let mut sums = vec![Tally::coarse(); self.paths.len()];
        for tallies in seconds.filter_map(|second| counted.open.get((second - counted.second) as usize)) {
            sums.iter_mut().zip(tallies).for_each(|(sum, tally)| sum.add(tally));
        }
        self.named(sums).collect()
    }

    /// Returns the tallies of all operations so far, by stage.
    #[must_use]
    pub fn phases(&self) -> Vec<PhaseResult> {
        // Copied, so that the generator's threads do not wait while the copy gets its names.
        let totals = self.counted().totals.clone();
        let phases = self.phases.iter().cloned().zip(totals);
        phases.map(|(phase, tallies)| PhaseResult { paths: self.named(tallies).collect(), ..phase }).collect()
    }

    fn named(&self, tallies: Vec<Tally>) -> impl Iterator<Item = (String, Tally)> {
        self.paths.iter().cloned().zip(tallies).filter(|(_, tally)| tally.offered() > 0)
    }

    fn counted(&self) -> MutexGuard<'_, StageTallies> {
        // A panic of another thread leaves at most its own operation half counted.
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Outcome;
    use crate::scenario::parse;

    fn meter() -> Meter {
        let text = "shows = \"x\"\n[[load]]\nfor = \"2s\"\nrates = { a = \"10/s\", b = \"5/s\" }\n\
                    [[load]]\nfor = \"1s\"\nrates = { a = \"20/s\" }\n";
        Meter::new(&Schedule::derive("x", &parse("x", text).unwrap(), 1))
    }

    fn ok(due: i64) -> OperationEnd<'static> {
        OperationEnd {
            due,
            sent: due,
            ended: due + 1_000,
            outcome: Outcome::Ok,
            status: Some(200),
            message: None,
        }
    }

    #[test]
    fn operations_are_found_under_their_phase_path_and_second() {
        let meter = meter();
        meter.ended(0, ok(100));
        meter.ended(0, ok(1_500_000));
        meter.ended(1, ok(1_600_000));
        meter.ended(2, ok(2_100_000));
        meter.dropped(2, 2_200_000);
        let of = |seconds: &[Second]| {
            seconds.iter().map(|s| (s.second, s.path.clone(), s.tally.offered())).collect::<Vec<_>>()
        };
        assert_eq!(of(&meter.take(1)), [(0, "a".to_owned(), 1)]);
        assert_eq!(
            of(&meter.take_rest()),
            [(1, "a".to_owned(), 1), (1, "b".to_owned(), 1), (2, "a".to_owned(), 2)]
        );
        let phases = meter.phases();
        assert_eq!((phases[0].paths["a"].ok, phases[0].paths["b"].ok), (2, 1));
        assert_eq!((phases[1].paths["a"].ok, phases[1].paths["a"].dropped, phases[1].paths.len()), (1, 1, 1));
    }

    #[test]
    fn one_that_comes_too_late_for_its_second_is_in_the_totals() {
        let meter = meter();
        assert!(meter.take(2).is_empty());
        meter.ended(0, ok(100));
        assert!(meter.take_rest().is_empty());
        assert_eq!(meter.phases()[0].paths["a"].ok, 1);
    }
}
