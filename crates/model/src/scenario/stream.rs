//! Arrivals on one path, and when each is due.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::arrival_rate::{ArrivalRate, Spacing};
use super::duration::Span;

/// Arrivals on one path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArrivalStream {
    /// Path of the operations.
    pub path: String,
    /// Beginning, after the start of the load.
    pub from: Span,
    /// End, after the start of the load.
    pub until: Span,
    /// Times of the arrivals.
    #[serde(flatten)]
    pub arrivals: Arrivals,
}

/// Times of arrivals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Arrivals {
    /// Arrivals at an arrival rate.
    Paced {
        /// Arrival rate.
        rate: ArrivalRate,
        /// Shift of every arrival, in microseconds; less than an interval.
        // Without it, streams of one rate would send in step.
        offset: Span,
        /// Decides what is random about a Poisson process.
        #[serde(default)]
        seed: u64,
    },
    /// Arrivals that a file lists.
    Listed {
        /// Due times, in microseconds after the start of the load, in order.
        due: Vec<u64>,
    },
}

impl ArrivalStream {
    /// Returns the due times, in microseconds after the start of the load, in order.
    #[must_use]
    pub fn times(&self) -> Times {
        let random = match &self.arrivals {
            Arrivals::Paced { rate: ArrivalRate { spacing: Spacing::Poisson, .. }, seed, .. } => {
                Some(ChaCha8Rng::seed_from_u64(*seed))
            }
            _ => None,
        };
        Times { stream: self.clone(), next: 0, reached: 0.0, random }
    }

    /// Continues the stream at its last rate in another time; none for listed arrivals.
    #[must_use]
    pub fn going_on(&self, from: Span, until: Span) -> Option<Self> {
        let Arrivals::Paced { rate, offset, seed } = &self.arrivals else { return None };
        let rate = ArrivalRate { from: rate.to, steps: None, ..*rate };
        // Another seed, or the gaps of a Poisson process would repeat those of the last stage.
        let arrivals = Arrivals::Paced { rate, offset: *offset, seed: seed.wrapping_add(1) };
        Some(Self { path: self.path.clone(), from, until, arrivals })
    }

    /// The highest rate, in arrivals a second; for listed ones, in any one second.
    #[must_use]
    pub fn highest(&self) -> f64 {
        match &self.arrivals {
            Arrivals::Paced { rate, .. } => rate.highest(),
            Arrivals::Listed { due } => {
                let first_of = |end: usize| due.partition_point(|time| *time + 1_000_000 <= due[end]);
                (0..due.len()).map(|end| end + 1 - first_of(end)).max().unwrap_or(0) as f64
            }
        }
    }
}

/// The times of a stream.
#[derive(Debug, Clone)]
pub struct Times {
    stream: ArrivalStream,
    next: u64,
    /// Arrivals expected until the one before, for a Poisson process.
    reached: f64,
    random: Option<ChaCha8Rng>,
}

impl Iterator for Times {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let index = self.next;
        self.next += 1;
        let (rate, offset) = match &self.stream.arrivals {
            Arrivals::Listed { due } => return due.get(usize::try_from(index).ok()?).copied(),
            Arrivals::Paced { rate, offset, .. } => (*rate, offset.micros()),
        };
        let (from, until) = (self.stream.from.micros(), self.stream.until.micros());
        // A stream that was to begin after the end of the load has no time left.
        let lasts = until.saturating_sub(from) as f64 / 1e6;
        let after = match &mut self.random {
            Some(random) => {
                // A Poisson process of any rate is one of rate 1 in the time that counts expected arrivals.
                // `1.0 - random` is never 0, whose logarithm is infinite.
                self.reached -= (1.0 - random.random::<f64>()).ln();
                micros(rate.reached(self.reached, lasts)?)
            }
            // In integers, without the rounding of a root.
            None if rate.is_constant() => rate.from.due(index),
            // Half an arrival in, as at a constant rate.
            None => micros(rate.reached(index as f64 + 0.5, lasts)?),
        };
        let due = from + offset + after;
        // The offset may move the last arrival beyond the end.
        (due < until).then_some(due)
    }
}

fn micros(seconds: f64) -> u64 {
    // Cut and not rounded: an arrival before the end of its stage must not move to the end.
    (seconds * 1e6) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scenario::arrival_rate::tests::any_arrival_rate;

    fn stream(rate: ArrivalRate, lasts: u64, seed: u64) -> ArrivalStream {
        let arrivals = Arrivals::Paced { rate, offset: Span::ZERO, seed };
        let from = Span::from_secs(1);
        ArrivalStream { path: "p".into(), from, until: Span::from_micros(from.micros() + lasts), arrivals }
    }

    #[test]
    fn a_ramp_has_half_of_its_arrivals_after_seven_tenths_of_its_time() {
        let times: Vec<u64> = stream("1/min..100/s".parse().unwrap(), 10_000_000, 0).times().collect();
        assert_eq!(times.len(), 500);
        let middle = times[250] - 1_000_000;
        assert!((7_060_000..7_080_000).contains(&middle), "{middle}");
    }

    #[test]
    fn gaps_of_a_poisson_process_vary_as_much_as_they_last() {
        let times: Vec<u64> = stream("poisson 1000/s".parse().unwrap(), 20_000_000, 5).times().collect();
        let gaps: Vec<f64> = times.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let deviation = (gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64).sqrt();
        assert!((mean - 1000.0).abs() < 30.0, "{mean}");
        assert!((deviation / mean - 1.0).abs() < 0.03, "{}", deviation / mean);
    }

    #[test]
    fn the_highest_rate_of_listed_arrivals_is_that_of_their_busiest_second() {
        let arrivals = Arrivals::Listed { due: vec![0, 500_000, 999_999, 1_000_000, 3_000_000] };
        let listed = ArrivalStream { arrivals, ..stream(any(), 1, 0) };
        assert_eq!(listed.highest(), 3.0);
    }

    fn any() -> ArrivalRate {
        "1/s".parse().unwrap()
    }

    proptest! {
        #[test]
        fn arrivals_come_in_order_within_their_phase_and_about_in_number(
            rate in any_arrival_rate(), lasts in 100_000u64..2_000_000, seed: u64,
        ) {
            let times: Vec<u64> = stream(rate, lasts, seed).times().collect();
            prop_assert!(times.windows(2).all(|pair| pair[0] <= pair[1]));
            prop_assert!(times.iter().all(|time| (1_000_000..1_000_000 + lasts).contains(time)));
            let expected = rate.expected(lasts as f64 / 1e6);
            let allowed = match rate.spacing {
                Spacing::Even => 1.0,
                // Six standard deviations.
                Spacing::Poisson => 6.0 * expected.sqrt() + 1.0,
            };
            prop_assert!((times.len() as f64 - expected).abs() <= allowed, "{} of {expected}", times.len());
        }
    }
}
