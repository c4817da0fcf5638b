//! Durations with a unit: `250ms`, `5s`, `1.5s`, `2min`, `1h`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A duration of a scenario; at most a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(Duration);

/// Error of reading a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid duration \"{0}\": expected a number and a unit (us, ms, s, min, h) like \"250ms\" or \"5s\", at most 24h"
)]
pub struct BadSpan(String);

// From small to large: `Display` looks from the end for the greatest that fits.
const UNITS: [(&str, u64); 5] =
    [("us", 1), ("ms", 1_000), ("s", 1_000_000), ("min", 60_000_000), ("h", 3_600_000_000)];

/// The longest duration, in microseconds: a day.
const LONGEST: f64 = 86_400_000_000.0;

impl Span {
    /// Duration of nothing.
    pub const ZERO: Self = Self(Duration::ZERO);

    /// The longest duration that can be read, and so the latest moment of a schedule: a day.
    pub const LONGEST: Self = Self::from_micros(LONGEST as u64);

    /// Makes a duration of whole milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// Makes a duration of whole seconds.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(Duration::from_secs(secs))
    }

    /// Makes a duration of whole microseconds.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(Duration::from_micros(micros))
    }

    /// Converts to a standard duration.
    #[must_use]
    pub const fn duration(self) -> Duration {
        self.0
    }

    /// Converts to microseconds, the unit of a history.
    #[must_use]
    pub fn micros(self) -> u64 {
        u64::try_from(self.0.as_micros()).unwrap_or(u64::MAX)
    }
}

impl FromStr for Span {
    type Err = BadSpan;

    fn from_str(text: &str) -> Result<Self, BadSpan> {
        // Cut, since a text may be of any length; by characters, since bytes may cut one in two.
        let bad = || BadSpan(text.chars().take(40).collect());
        let trimmed = text.trim();
        let split = trimmed.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(bad)?;
        let (number, unit) = trimmed.split_at(split);
        let (_, micros) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(bad)?;
        let number = number.trim();
        // `f64` would read signs, `1e9`, `inf` and `NaN` as well.
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Err(bad());
        }
        let micros = number.parse::<f64>().map_err(|_| bad())? * *micros as f64;
        if micros > LONGEST {
            return Err(bad());
        }
        Ok(Self(Duration::from_micros(micros.round() as u64)))
    }
}

impl fmt::Display for Span {
    /// Writes the greatest unit that needs no fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.micros();
        // 0 is a multiple of every unit, and would be `0h`.
        if micros == 0 {
            return f.write_str("0s");
        }
        // No fraction, so that a printed duration is read back exactly.
        let whole = UNITS.iter().rev().find(|(_, size)| micros.is_multiple_of(*size));
        let (unit, size) = whole.unwrap_or(&UNITS[0]);
        write!(f, "{}{unit}", micros / size)
    }
}

impl TryFrom<String> for Span {
    type Error = BadSpan;

    fn try_from(text: String) -> Result<Self, BadSpan> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_are_read() {
        for (text, micros) in
            [("250ms", 250_000), ("5s", 5_000_000), ("1.5s", 1_500_000), ("2min", 120_000_000), ("7us", 7)]
        {
            assert_eq!(text.parse(), Ok(Span::from_micros(micros)), "{text}");
        }
    }

    #[test]
    fn others_are_refused() {
        for text in ["", "5", "s", "-5s", "5 parsecs", "1e9s", "25h", "infs", "1..2s"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(micros in 0u64..86_400_000_000) {
            let span = Span::from_micros(micros);
            prop_assert_eq!(span.to_string().parse(), Ok(span));
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = text.parse::<Span>();
        }
    }
}
