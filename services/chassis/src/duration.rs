//! Durations in settings, written like in scenario files: `250ms`, `2s`, `1.5s`, `1m`.

use std::time::Duration;

/// The longest duration: a day, as in scenario files.
// A bound is needed, since a clock can't add any duration to a moment: the addition panics.
pub const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A text that is no duration, or one that is too long.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a duration, a number above 0 and its unit, ms, s or m, like \"250ms\" or \"1.5s\", at most {longest:?}; \
     found \"{found}\""
)]
pub struct BadDuration {
    found: String,
    longest: Duration,
}

/// Reads a duration up to [`LONGEST`]; for `#[arg(value_parser = chassis::duration::parse)]`.
///
/// # Errors
/// [`BadDuration`] says what a duration looks like.
pub fn parse(text: &str) -> Result<Duration, BadDuration> {
    at_most(text, LONGEST)
}

/// Reads a duration up to `longest`.
///
/// # Errors
/// [`BadDuration`] says what a duration looks like.
pub fn at_most(text: &str, longest: Duration) -> Result<Duration, BadDuration> {
    let bad = || BadDuration { found: text.chars().take(40).collect(), longest };
    let split = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(bad)?;
    let (number, unit) = text.split_at(split);
    let scale = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        _ => return Err(bad()),
    };
    // Only plain decimals: `f64` would also read a sign.
    if !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err(bad());
    }
    let number: f64 = number.parse().map_err(|_| bad())?;
    match Duration::try_from_secs_f64(number * scale) {
        Ok(duration) if !duration.is_zero() && duration <= longest => Ok(duration),
        _ => Err(bad()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_with_units_are_read() {
        assert_eq!(parse("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(parse("1440m"), Ok(LONGEST));
        assert_eq!(at_most("7s", Duration::from_secs(7)), Ok(Duration::from_secs(7)));
    }

    #[test]
    fn others_are_refused_with_what_would_be_right() {
        for text in ["", "5", "0s", "-1s", "1h", "s", "1e3s", "inf", ".s", "99999999999999999999999s"] {
            assert!(parse(text).is_err_and(|error| error.to_string().contains("250ms")), "{text}");
        }
        let error = at_most("7001ms", Duration::from_secs(7)).unwrap_err().to_string();
        assert!(error.contains("at most 7s; found \"7001ms\""), "{error}");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = parse(&text);
        }

        #[test]
        fn any_number_is_a_duration_that_a_clock_can_add_or_refused(number in any::<u64>(), unit in "ms|s|m") {
            if let Ok(duration) = parse(&format!("{number}{unit}")) {
                prop_assert!(Instant::now().checked_add(duration).is_some());
                prop_assert!(duration <= LONGEST);
            }
        }
    }
}
