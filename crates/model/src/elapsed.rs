//! Measured time as a text for people: `4.6 s`, `250 ms`.

use std::fmt;

/// Measured time, displayed in seconds from 1 s on, else in whole milliseconds.
// People compare these times with limits of seconds; more digits than the measurement repeats would be noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Elapsed(u64);

impl Elapsed {
    /// Wraps a time in microseconds.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Wraps a time in milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(micros) = *self;
        match micros {
            // Cut and not rounded: 999.9 ms must not read `1000 ms`.
            0..1_000_000 => write!(f, "{} ms", micros / 1_000),
            // A limit is mostly a whole number of seconds; a measured time never is, and keeps its decimal.
            _ if micros.is_multiple_of(1_000_000) => write!(f, "{} s", micros / 1_000_000),
            _ => write!(f, "{:.1} s", micros as f64 / 1_000_000.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_one_decimal_and_less_is_milliseconds() {
        for (micros, text) in [
            (0, "0 ms"),
            (34_900, "34 ms"),
            (999_999, "999 ms"),
            (1_000_000, "1 s"),
            (4_588_123, "4.6 s"),
            (20_004_000, "20.0 s"),
            (120_000_000, "120 s"),
        ] {
            assert_eq!(Elapsed::from_micros(micros).to_string(), text);
        }
        assert_eq!(Elapsed::from_millis(4_593).to_string(), "4.6 s");
    }
}
