//! Latencies as an HDR histogram (<http://hdrhistogram.org>): every value is kept to a stated precision.

use hdrhistogram::Histogram;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Latencies in microseconds. Written as pairs of a value and how often it was seen.
#[derive(Debug, Clone, PartialEq)]
// Buckets instead of every value: a load of an hour has millions of operations.
pub struct Latency(Histogram<u64>);

/// Longest latency that is distinguished, in microseconds: two minutes.
// A histogram grows with its largest value, and there may be thousands of them.
const LONGEST: u64 = 120_000_000;

impl Latency {
    /// Makes an empty histogram with values to within 1 %.
    #[must_use]
    pub fn coarse() -> Self {
        Self::with_digits(2)
    }

    /// Makes an empty histogram with values to within 0.1 %.
    #[must_use]
    pub fn fine() -> Self {
        Self::with_digits(3)
    }

    fn with_digits(digits: u8) -> Self {
        let mut histogram = Histogram::new(digits).expect("2 and 3 digits can be kept");
        histogram.auto(true);
        Self(histogram)
    }

    /// Adds a latency in microseconds; a longer one than two minutes counts as that.
    pub fn record(&mut self, micros: u64) {
        self.record_many(micros, 1);
    }

    fn record_many(&mut self, micros: u64, count: u64) {
        // Can't fail, since the histogram grows as it must.
        let _ = self.0.record_n(micros.min(LONGEST), count);
    }

    /// Adds all of another.
    pub fn add(&mut self, other: &Self) {
        // Can't fail either: the histogram grows to the largest value of the other.
        let _ = self.0.add(&other.0);
    }

    /// Returns the number of latencies.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency in microseconds that the share `quantile` (0 to 1) of them does not exceed; none of none.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        (self.count() > 0).then(|| self.0.value_at_quantile(quantile))
    }

    /// The longest, in microseconds.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        (self.count() > 0).then(|| self.0.max())
    }

    /// Their mean, in microseconds.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.0.mean())
    }

    /// Lists each value with its count, from the shortest on.
    pub fn values(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0.iter_recorded().map(|step| (step.value_iterated_to(), step.count_at_value()))
    }
}

impl Serialize for Latency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.values())
    }
}

impl<'de> Deserialize<'de> for Latency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Fine, whatever was written: the values of a coarse histogram keep their places in it.
        let mut latency = Self::fine();
        for (value, count) in Vec::<(u64, u64)>::deserialize(deserializer)? {
            // A written value is the end of its bucket, which may lie a little beyond the longest.
            if value > 2 * LONGEST {
                return Err(D::Error::custom(format!("invalid latency of {value} microseconds")));
            }
            latency.record_many(value, count);
        }
        Ok(latency)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn of_none_there_are_no_figures() {
        let none = Latency::fine();
        assert_eq!((none.count(), none.quantile(0.5), none.max(), none.mean()), (0, None, None, None));
    }

    proptest! {
        #[test]
        fn values_are_kept_to_their_precision(values in prop::collection::vec(1u64..LONGEST, 1..50)) {
            let mut latency = Latency::coarse();
            values.iter().for_each(|value| latency.record(*value));
            let mut sorted = values;
            sorted.sort_unstable();
            let middle = sorted[(sorted.len() - 1) / 2] as f64;
            let found = latency.quantile(0.5).unwrap() as f64;
            prop_assert!((found / middle - 1.0).abs() < 0.01, "{found} for {middle}");
        }

        #[test]
        fn what_is_written_is_read_back(values in prop::collection::vec(1u64..LONGEST, 0..50)) {
            let mut latency = Latency::fine();
            values.iter().for_each(|value| latency.record(*value));
            let text = serde_json::to_string(&latency).unwrap();
            let again: Latency = serde_json::from_str(&text).unwrap();
            let all = |latency: &Latency| latency.values().collect::<Vec<_>>();
            prop_assert_eq!(all(&again), all(&latency));
        }
    }
}
