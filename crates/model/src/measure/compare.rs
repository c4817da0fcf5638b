//! Two loads side by side, with intervals that say what of their difference may be chance.
//!
//! Intervals are those of the bootstrap by percentiles (Efron and Tibshirani, "An Introduction to the Bootstrap",
//! 1993): the seconds of a load are drawn anew, with repeats, in blocks of a few that follow one another, since what
//! happens in one second has its part in the next.

use std::collections::{BTreeMap, BTreeSet};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::second::Second;
use super::tally::Tally;
use super::threshold::Measure;

/// Number of bootstrap resamples.
// Latencies of one second depend on each other, so that whole seconds are resampled, not operations.
// With 500, a dozen lie beyond each end of an interval of 95 %, enough to place it.
const RESAMPLES: usize = 500;

/// Seconds in a block.
// More than one, since what happens in one second has its part in the next.
const BLOCK: usize = 3;

/// The share of an interval, 0 to 1.
pub const CONFIDENCE: f64 = 0.95;

/// Fewer seconds than this give no interval that is worth its name.
const FEWEST: usize = 5;

/// One measure of one path in two loads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Path of the operations.
    pub path: String,
    /// Measure that is compared: `ok/s`, `p50 ms`, `p99 ms`, `errors %`.
    pub measure: &'static str,
    /// Estimate of the first load.
    pub first: Estimate,
    /// Estimate of the second load.
    pub second: Estimate,
    /// The second less the first.
    pub difference: Estimate,
    /// True if the interval of the difference leaves out 0: chance alone is no likely reason for it.
    pub differs: bool,
}

/// A value with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The value; none where nothing was measured.
    pub value: Option<f64>,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval; none where there are too few seconds.
    pub high: Option<f64>,
}

/// Function that reads a measure from a tally of so many seconds.
type MeasureFunction = fn(&Tally, f64) -> Option<f64>;

const MEASURES: [(&str, MeasureFunction); 4] = [
    ("ok/s", |tally, seconds| (seconds > 0.0).then(|| tally.ok as f64 / seconds)),
    ("p50 ms", |tally, _| Measure::Latency(0.5).read(tally).map(|micros| micros / 1000.0)),
    ("p99 ms", |tally, _| Measure::Latency(0.99).read(tally).map(|micros| micros / 1000.0)),
    ("errors %", |tally, _| Measure::Errors.read(tally).map(|share| share * 100.0)),
];

/// Compares the paths that both loads have, by their seconds. `seed` decides what is drawn.
#[must_use]
pub fn compare(first: &[Second], second: &[Second], seed: u64) -> Vec<Comparison> {
    let (first, second) = (by_path(first), by_path(second));
    let paths: BTreeSet<&str> = first.keys().filter(|path| second.contains_key(*path)).copied().collect();
    paths
        .into_iter()
        .flat_map(|path| {
            // Another seed for the second load: the same one would draw the same places from both.
            let (first, second) = (Resample::new(&first[path], seed), Resample::new(&second[path], !seed));
            MEASURES.map(|(measure, get)| comparison(path, measure, get, &first, &second))
        })
        .collect()
}

fn by_path(seconds: &[Second]) -> BTreeMap<&str, Vec<&Tally>> {
    let mut paths: BTreeMap<&str, Vec<&Tally>> = BTreeMap::new();
    for second in seconds {
        paths.entry(&second.path).or_default().push(&second.tally);
    }
    paths
}

/// The seconds of a path as they were, and drawn anew many times.
struct Resample {
    seconds: f64,
    whole: Tally,
    again: Vec<Tally>,
}

impl Resample {
    fn new(tallies: &[&Tally], seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let count = tallies.len();
        let mut draw = || {
            // Coarse, since hundreds of these sums are held for each path.
            let mut sum = Tally::coarse();
            let mut drawn = 0;
            while drawn < count {
                let start = random.random_range(0..count);
                // Past the end at the beginning, so that the outer seconds are drawn as often as the others.
                for place in (start..start + BLOCK).take(count - drawn) {
                    sum.add(tallies[place % count]);
                    drawn += 1;
                }
            }
            sum
        };
        let again = if count < FEWEST { Vec::new() } else { (0..RESAMPLES).map(|_| draw()).collect() };
        Self { seconds: count as f64, whole: Tally::sum(tallies.iter().copied()), again }
    }

    fn values(&self, get: MeasureFunction) -> Vec<Option<f64>> {
        self.again.iter().map(|tally| get(tally, self.seconds)).collect()
    }
}

fn comparison(
    path: &str,
    measure: &'static str,
    get: MeasureFunction,
    first: &Resample,
    second: &Resample,
) -> Comparison {
    let (again_first, again_second) = (first.values(get), second.values(get));
    let (value_first, value_second) = (get(&first.whole, first.seconds), get(&second.whole, second.seconds));
    let less = |(a, b): (&Option<f64>, &Option<f64>)| Some(b.as_ref()? - a.as_ref()?);
    let differences: Vec<_> = again_first.iter().zip(&again_second).map(less).collect();
    let difference = Estimate::new(less((&value_first, &value_second)), &differences);
    let differs =
        matches!((difference.low, difference.high), (Some(low), Some(high)) if low > 0.0 || high < 0.0);
    Comparison {
        path: path.to_owned(),
        measure,
        first: Estimate::new(value_first, &again_first),
        second: Estimate::new(value_second, &again_second),
        difference,
        differs,
    }
}

impl Estimate {
    fn new(value: Option<f64>, again: &[Option<f64>]) -> Self {
        let mut sorted: Vec<f64> = again.iter().flatten().copied().collect();
        sorted.sort_by(f64::total_cmp);
        // Values that are missing from some draws have no interval.
        let whole = !sorted.is_empty() && sorted.len() == again.len();
        let at = |share: f64| whole.then(|| sorted[((sorted.len() - 1) as f64 * share).round() as usize]);
        let tail = (1.0 - CONFIDENCE) / 2.0;
        Self { value, low: at(tail), high: at(1.0 - tail) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::history::Outcome;
    use crate::measure::tally::OperationEnd;

    /// Seconds of 50 operations each, with latencies about `middle` microseconds.
    fn seconds(count: u64, middle: i64, seed: u64) -> Vec<Second> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let second = |second| {
            let mut tally = Tally::coarse();
            for _ in 0..50 {
                let ended = middle + random.random_range(-middle / 2..middle / 2);
                let (outcome, status) = (Outcome::Ok, None);
                tally.count(OperationEnd { due: 0, sent: 0, ended, outcome, status, message: None });
            }
            Second { second, path: "a".to_owned(), tally }
        };
        (0..count).map(second).collect()
    }

    fn of<'a>(all: &'a [Comparison], measure: &str) -> &'a Comparison {
        all.iter().find(|comparison| comparison.measure == measure).unwrap()
    }

    #[test]
    fn twice_as_slow_is_told_from_chance() {
        let all = compare(&seconds(20, 10_000, 1), &seconds(20, 20_000, 2), 7);
        let p50 = of(&all, "p50 ms");
        assert!(p50.differs && p50.difference.low.unwrap() > 8.0, "{p50:?}");
        assert!(p50.difference.high.unwrap() < 12.0, "{p50:?}");
        assert!(!of(&all, "errors %").differs && !of(&all, "ok/s").differs);
    }

    #[test]
    fn of_a_few_seconds_there_are_values_and_no_intervals() {
        let all = compare(&seconds(3, 10_000, 1), &seconds(20, 20_000, 2), 7);
        let p50 = of(&all, "p50 ms");
        assert!(p50.first.value.is_some() && p50.first.low.is_none() && p50.second.low.is_some());
        assert!(!p50.differs);
    }

    #[test]
    fn what_only_one_of_them_has_is_left_out() {
        let mut other = seconds(9, 10_000, 1);
        other.iter_mut().for_each(|second| second.path = "b".to_owned());
        assert!(compare(&seconds(9, 10_000, 1), &other, 7).is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]
        #[test]
        fn a_value_lies_in_its_interval_and_one_seed_gives_one_answer(seed: u64, middle in 1_000i64..50_000) {
            let (first, second) = (seconds(12, middle, seed), seconds(12, middle, seed ^ 1));
            let all = compare(&first, &second, seed);
            prop_assert_eq!(&all, &compare(&first, &second, seed));
            for comparison in &all {
                for estimate in [comparison.first, comparison.second] {
                    let (value, low) = (estimate.value.unwrap(), estimate.low.unwrap());
                    let slack = value.abs() * 0.02;
                    prop_assert!(low <= value + slack && estimate.high.unwrap() >= value - slack, "{comparison:?}");
                }
            }
        }
    }
}
