//! Times in settings: a number with its unit, like `250ms`, `5s` or `1m`.

use std::time::Duration;

/// A text that is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no time: give a number with its unit, like 250ms, 5s or 1m")]
pub struct BadSpan(String);

/// Reads a time; the value parser of every setting that is one.
///
/// # Errors
/// [`BadSpan`] for anything but a whole number followed by `ms`, `s` or `m`.
pub fn parse(text: &str) -> Result<Duration, BadSpan> {
    let bad = || BadSpan(text.chars().take(40).collect());
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| bad())?;
    let milliseconds = match unit {
        "ms" => Some(number),
        "s" => number.checked_mul(1_000),
        "m" => number.checked_mul(60_000),
        _ => None,
    };
    milliseconds.map(Duration::from_millis).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_is_read() {
        assert_eq!(parse("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(parse("1m"), Ok(Duration::from_secs(60)));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "5", "s", "-1s", "1.5s", "5 s", "1h", "99999999999999999999s", "18446744073709551615m"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
