//! Numbers as people read them: short, with as many digits as say something.

/// Writes a rate, like `0.4`, `12` or `3.4k`.
#[must_use]
pub fn rate(value: f64) -> String {
    match value {
        value if value >= 9_950.0 => format!("{:.0}k", value / 1000.0),
        value if value >= 999.5 => format!("{:.1}k", value / 1000.0),
        // The limits lie where rounding adds a digit: with one decimal 9.95 would read 10.0.
        value if value == 0.0 || value >= 9.95 => format!("{value:.0}"),
        value => format!("{value:.1}"),
    }
}

/// Writes milliseconds, like `0.4 ms`, `12 ms` or `3.4 s`.
#[must_use]
pub fn millis(value: f64) -> String {
    match value {
        value if value >= 999.5 => format!("{:.1} s", value / 1000.0),
        value if value >= 9.95 => format!("{value:.0} ms"),
        value => format!("{value:.1} ms"),
    }
}

/// Writes a number of an axis, like `0.05`, `20` or `5k`.
#[must_use]
pub fn tick(value: f64) -> String {
    if value >= 1_000_000.0 {
        return format!("{}M", value / 1_000_000.0);
    }
    if value >= 10_000.0 { format!("{}k", value / 1_000.0) } else { format!("{value}") }
}

/// Writes microseconds as seconds, like `4.2 s`.
#[must_use]
pub fn seconds(micros: i64) -> String {
    format!("{:.1} s", micros as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        assert_eq!(
            [0.0, 0.44, 9.97, 12.4, 3_400.0, 34_000.0].map(rate),
            ["0", "0.4", "10", "12", "3.4k", "34k"]
        );
        assert_eq!([0.44, 12.4, 999.7, 3_400.0].map(millis), ["0.4 ms", "12 ms", "1.0 s", "3.4 s"]);
        assert_eq!([0.0, 0.05, 500.0, 5_000.0, 20_000.0].map(tick), ["0", "0.05", "500", "5000", "20k"]);
    }
}
