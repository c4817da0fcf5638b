//! The time to an answer on a link: from bytes toward the server to the next bytes back on the same connection, with the
//! delays of toxics. A proxy does not know requests: this is the latency of a request if one is in flight at a time, and
//! of the first one if there are more.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

/// Number of buckets: four for each doubling of microseconds, up to more than two minutes.
// Two neighbours differ by the fourth root of 2, which is the 19 % of `quantile`.
const BUCKETS: usize = 4 * 28;

/// Measurement of the times to an answer on all connections of a proxy.
#[derive(Debug)]
pub(super) struct AnswerTimer {
    /// True once somebody watches.
    // Until then no message pays for the reading of a clock.
    on: AtomicBool,
    counts: [AtomicU64; BUCKETS],
}

/// Numbers of answers by the time that they took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerTimes([u64; BUCKETS]);

/// Bytes of one connection that wait for an answer.
#[derive(Debug, Default)]
pub(super) struct AwaitedAnswer {
    /// Moment at which the bytes went to the server, in microseconds of [`now`]; 0 while none wait.
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
    /// Starts to measure.
    pub(super) fn turn_on(&self) {
        self.on.store(true, Ordering::Relaxed);
    }

    /// Records bytes toward the server. Bytes that follow before the answer change nothing.
    pub(super) fn ask(&self, question: &AwaitedAnswer) {
        // Two steps are enough: one task runs both directions, so nobody else stores in between.
        if self.on.load(Ordering::Relaxed) && question.asked.load(Ordering::Relaxed) == 0 {
            question.asked.store(now(), Ordering::Relaxed);
        }
    }

    /// Records bytes toward the client, and counts them as the answer if one is awaited.
    pub(super) fn answer(&self, question: &AwaitedAnswer) {
        // A load is cheaper than a swap, and most bytes toward the client follow others.
        if question.asked.load(Ordering::Relaxed) == 0 {
            return;
        }
        let asked = question.asked.swap(0, Ordering::Relaxed);
        let took = now().saturating_sub(asked);
        self.counts[bucket(took)].fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the counts until now.
    pub(super) fn times(&self) -> AnswerTimes {
        let mut times = AnswerTimes::default();
        for (time, count) in times.0.iter_mut().zip(&self.counts) {
            *time = count.load(Ordering::Relaxed);
        }
        times
    }
}

impl AnswerTimes {
    /// Returns the increase since an earlier moment.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut times = self.clone();
        times.0.iter_mut().zip(&earlier.0).for_each(|(count, before)| *count = count.saturating_sub(*before));
        times
    }

    /// Returns the number of answers.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Returns the time within which this share of the answers came, in milliseconds, at most 19 % too long; none without
    /// answers.
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

/// Returns the microseconds since the first call, plus 1.
// 0 stands for no moment.
fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_micros()).unwrap_or(u64::MAX - 1) + 1
}

fn bucket(micros: u64) -> usize {
    ((micros.max(1) as f64).log2() * 4.0).ceil().min(BUCKETS as f64 - 1.0) as usize
}

/// Returns the longest time of a bucket in microseconds.
fn upper(index: usize) -> f64 {
    2f64.powf(index as f64 / 4.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_measured_until_somebody_watches() {
        let (timer, question) = (AnswerTimer::default(), AwaitedAnswer::default());
        timer.ask(&question);
        timer.answer(&question);
        assert_eq!(timer.times().count(), 0);
        timer.turn_on();
        timer.ask(&question);
        timer.ask(&question);
        timer.answer(&question);
        timer.answer(&question);
        assert_eq!(timer.times().count(), 1);
        assert!(timer.times().quantile(0.5).unwrap() < 1000.0);
        assert_eq!(AnswerTimes::default().quantile(0.5), None);
    }

    proptest! {
        #[test]
        fn a_time_is_known_to_within_19_percent(micros in 1u64..100_000_000) {
            let mut times = AnswerTimes::default();
            times.0[bucket(micros)] = 1;
            let upper = times.quantile(0.99).unwrap() * 1000.0;
            prop_assert!(upper >= micros as f64 * 0.999 && upper <= micros as f64 * 1.19, "{upper}");
        }
    }
}
