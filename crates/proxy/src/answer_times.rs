//! How long answers take on the links of a proxy, for those who watch: the time from bytes toward the server to the
//! next bytes back, on each connection. That is the latency of a request where one is under way at a time, and of the
//! first of them where there are more. Toxics are inside of it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

/// Buckets: four for each doubling of microseconds, up to more than two minutes.
const BUCKETS: usize = 4 * 28;

/// Counts answers by how long they took.
#[derive(Debug)]
pub(super) struct AnswerTimer {
    /// Nothing is measured until somebody watches.
    on: AtomicBool,
    counts: [AtomicU64; BUCKETS],
}

/// Answers by how long they took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerTimes([u64; BUCKETS]);

/// What one connection waits for.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// When bytes went to the server that none came back for; 0 for none.
    asked: AtomicU64,
}

impl Default for AnswerTimer {
    fn default() -> Self {
        Self { on: AtomicBool::new(false), counts: [const { AtomicU64::new(0) }; BUCKETS] }
    }
}

impl Default for AnswerTimes {
    fn default() -> Self {
        Self([0; BUCKETS])
    }
}

impl AnswerTimer {
    /// Measures from now on.
    pub(super) fn turn_on(&self) {
        self.on.store(true, Ordering::Relaxed);
    }

    /// Bytes toward the server were read, or passed on.
    pub(super) fn asked(&self, turn: &Turn) {
        if self.on.load(Ordering::Relaxed) && turn.asked.load(Ordering::Relaxed) == 0 {
            turn.asked.store(now(), Ordering::Relaxed);
        }
    }

    /// Bytes were given to the client.
    pub(super) fn answered(&self, turn: &Turn) {
        if turn.asked.load(Ordering::Relaxed) == 0 {
            return;
        }
        let asked = turn.asked.swap(0, Ordering::Relaxed);
        let took = now().saturating_sub(asked);
        self.counts[bucket(took)].fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted until now.
    pub(super) fn times(&self) -> AnswerTimes {
        let mut times = AnswerTimes::default();
        for (time, count) in times.0.iter_mut().zip(&self.counts) {
            *time = count.load(Ordering::Relaxed);
        }
        times
    }
}

impl AnswerTimes {
    /// What came since an earlier look.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut times = self.clone();
        times.0.iter_mut().zip(&earlier.0).for_each(|(count, before)| *count = count.saturating_sub(*before));
        times
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The time that this share of them took at most, in milliseconds and to within 19 %; none without any.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let rank = ((share * self.count() as f64).ceil() as u64).max(1);
        let mut sum = 0;
        let index = self.0.iter().position(|count| {
            sum += count;
            sum >= rank
        })?;
        Some(upper(index) / 1000.0)
    }
}

/// Microseconds since the program began to measure, from 1 on.
fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_micros()).unwrap_or(u64::MAX - 1) + 1
}

fn bucket(micros: u64) -> usize {
    ((micros.max(1) as f64).log2() * 4.0).ceil().min(BUCKETS as f64 - 1.0) as usize
}

/// The longest time of a bucket, in microseconds.
fn upper(index: usize) -> f64 {
    2f64.powf(index as f64 / 4.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_measured_until_somebody_watches() {
        let (timer, turn) = (AnswerTimer::default(), Turn::default());
        timer.asked(&turn);
        timer.answered(&turn);
        assert_eq!(timer.times().count(), 0);
        timer.turn_on();
        timer.asked(&turn);
        timer.asked(&turn);
        timer.answered(&turn);
        timer.answered(&turn);
        assert_eq!(timer.times().count(), 1);
        assert!(timer.times().quantile(0.5).unwrap() < 1000.0);
        assert_eq!(AnswerTimes::default().quantile(0.5), None);
    }

    proptest! {
        #[test]
        fn a_time_is_known_to_within_19_percent(micros in 1u64..100_000_000) {
            let mut times = AnswerTimes::default();
            times.0[bucket(micros)] = 1;
            let told = times.quantile(0.99).unwrap() * 1000.0;
            prop_assert!(told >= micros as f64 * 0.999 && told <= micros as f64 * 1.19, "{told}");
        }
    }
}
