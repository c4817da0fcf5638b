//! Constant arrival rates: `200/s`, `90/min`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Constant arrival rate, more than 0 and at most a million per second.
// Kept as arrivals per minute, in thousandths, so that a printed rate is read back exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate {
    milli_per_minute: u64,
}

/// Error of reading an arrival rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid arrival rate \"{0}\": expected a number above 0 per second or minute, like \"200/s\" or \"90/min\", at most 1000000/s"
)]
pub struct BadRate(String);

// A million per second has an interval of one microsecond, the unit of due times.
const HIGHEST: f64 = 1_000_000.0 * 60_000.0;

impl Rate {
    /// Makes a rate of whole arrivals per second; 0 is taken as 1.
    #[must_use]
    pub fn per_second(count: u32) -> Self {
        Self { milli_per_minute: u64::from(count.max(1)) * 60_000 }
    }

    /// Makes the nearest rate that can be written.
    #[must_use]
    pub fn of(hertz: f64) -> Self {
        // Never 0, which has no interval.
        Self { milli_per_minute: (hertz * 60_000.0).round().clamp(1.0, HIGHEST) as u64 }
    }

    /// Returns the arrivals per second.
    #[must_use]
    pub fn hertz(self) -> f64 {
        self.milli_per_minute as f64 / 60_000.0
    }

    /// Returns the due time of arrival number `index` (from 0), in microseconds after the start of its stage.
    /// The first comes half an interval in.
    #[must_use]
    pub fn due(self, index: u64) -> u64 {
        // Half an interval; a stream adds an offset of less than half, so each whole interval of a stage
        // has one arrival. In integers, since the error of a rounded interval would add up.
        let half_intervals = u128::from(index) * 2 + 1;
        let due = half_intervals * 60_000_000_000 / 2 / u128::from(self.milli_per_minute);
        u64::try_from(due).unwrap_or(u64::MAX)
    }
}

impl FromStr for Rate {
    type Err = BadRate;

    fn from_str(text: &str) -> Result<Self, BadRate> {
        let bad = || BadRate(text.chars().take(40).collect());
        let (number, unit) = text.trim().split_once('/').ok_or_else(bad)?;
        let factor = match unit.trim() {
            "s" => 60_000.0,
            "min" => 1_000.0,
            _ => return Err(bad()),
        };
        let number = number.trim();
        // `f64` would read signs, `1e9`, `inf` and `NaN` as well.
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Err(bad());
        }
        let value = (number.parse::<f64>().map_err(|_| bad())? * factor).round();
        if !(1.0..=HIGHEST).contains(&value) {
            return Err(bad());
        }
        Ok(Self { milli_per_minute: value as u64 })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milli = self.milli_per_minute;
        if milli.is_multiple_of(60_000) {
            return write!(f, "{}/s", milli / 60_000);
        }
        match milli % 1000 {
            0 => write!(f, "{}/min", milli / 1000),
            rest => write!(f, "{}.{rest:03}/min", milli / 1000),
        }
    }
}

impl TryFrom<String> for Rate {
    type Error = BadRate;

    fn try_from(text: String) -> Result<Self, BadRate> {
        text.parse()
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn seconds_and_minutes_are_read() {
        assert_eq!("200/s".parse(), Ok(Rate::per_second(200)));
        assert_eq!("60/min".parse(), Ok(Rate::per_second(1)));
        assert_eq!("0.5/s".parse::<Rate>().unwrap().to_string(), "30/min");
    }

    #[test]
    fn zero_negative_and_absurd_ones_are_refused() {
        for text in ["0/s", "-5/s", "5", "5/h", "1000001/s", "inf/s", "0.0000001/min", "/s"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn arrivals_are_evenly_spaced() {
        let rate = Rate::per_second(100);
        assert_eq!((rate.due(0), rate.due(1), rate.due(99)), (5_000, 15_000, 995_000));
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(milli in 1u64..60_000_000_000) {
            let rate = Rate { milli_per_minute: milli };
            prop_assert_eq!(rate.to_string().parse(), Ok(rate));
        }
    }
}
