//! Shares of a whole: `99%`, `99.9%`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A share from 0 % to 100 %, in thousandths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Share(u32);

/// Error of reading a share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid share \"{0}\": expected a percentage from 0% to 100%, like \"99%\" or \"99.9%\"")]
pub struct BadShare(String);

impl Share {
    /// Whole percents; beyond 100 is taken as 100.
    #[must_use]
    pub fn percent(percent: u32) -> Self {
        Self(percent.min(100) * 1000)
    }

    /// Makes the share that `part` is of `whole`, rounded down; of nothing it is 0 %.
    #[must_use]
    pub fn of(part: u64, whole: u64) -> Self {
        // Rounded down: 99,999 of 100,000 and one more are not all.
        let milli = (u128::from(part) * 100_000).checked_div(u128::from(whole)).unwrap_or(0);
        Self(u32::try_from(milli).unwrap_or(100_000).min(100_000))
    }

    /// Tells whether `part` of `whole` is at least this share. None for a part of nothing: nobody can tell, unless the
    /// share asks for nothing either.
    #[must_use]
    pub fn is_kept_by(self, part: u64, whole: u64) -> Option<bool> {
        if whole == 0 && self.0 > 0 {
            return None;
        }
        // In integers, since a product in floating point may miss a share that is kept exactly. In 64 bits
        // it may overflow.
        Some(u128::from(part) * 100_000 >= u128::from(whole) * u128::from(self.0))
    }
}

impl FromStr for Share {
    type Err = BadShare;

    fn from_str(text: &str) -> Result<Self, BadShare> {
        let bad = || BadShare(text.chars().take(40).collect());
        let number = text.trim().strip_suffix('%').ok_or_else(bad)?.trim();
        // `f64` would read signs, `1e9`, `inf` and `NaN` as well.
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Err(bad());
        }
        let milli = (number.parse::<f64>().map_err(|_| bad())? * 1000.0).round();
        if milli > 100_000.0 {
            return Err(bad());
        }
        Ok(Self(milli as u32))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 1000 {
            0 => write!(f, "{}%", self.0 / 1000),
            rest => write!(f, "{}.{rest:03}%", self.0 / 1000),
        }
    }
}

impl TryFrom<String> for Share {
    type Error = BadShare;

    fn try_from(text: String) -> Result<Self, BadShare> {
        text.parse()
    }
}

impl From<Share> for String {
    fn from(share: Share) -> Self {
        share.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_bound_itself_keeps_it() {
        let share: Share = "99%".parse().unwrap();
        assert_eq!(share.is_kept_by(99, 100), Some(true));
        assert_eq!(share.is_kept_by(98, 100), Some(false));
    }

    proptest! {
        #[test]
        fn a_share_of_nothing_is_neither_kept_nor_missed(percent in 1u32..=100) {
            prop_assert_eq!(Share::percent(percent).is_kept_by(0, 0), None);
        }

        #[test]
        fn the_share_that_a_part_is_of_a_whole_is_the_highest_that_it_keeps(part: u64, whole in 1u64..) {
            let part = part % whole;
            let Share(milli) = Share::of(part, whole);
            prop_assert_eq!(Share(milli).is_kept_by(part, whole), Some(true));
            prop_assert_eq!(Share(milli + 1).is_kept_by(part, whole), Some(false));
        }
    }

    #[test]
    fn a_share_that_asks_for_nothing_is_kept_by_nothing() {
        assert_eq!(Share::percent(0).is_kept_by(0, 0), Some(true));
    }

    #[test]
    fn what_is_printed_is_read_back() {
        for text in ["0%", "99.500%", "100%"] {
            assert_eq!(text.parse::<Share>().unwrap().to_string(), text);
        }
        for text in ["101%", "99", "-1%", "%"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }
}
