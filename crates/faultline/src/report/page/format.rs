//! Times and numbers as people read them.

use crate::checker::{OutcomeCounts, Quantiles};

/// Formats microseconds as seconds: `4.2 s`.
pub(super) fn seconds(micros: i64) -> String {
    format!("{:.1} s", micros as f64 / 1e6)
}

/// Formats a quantile of a tally, in milliseconds; a dash where no operation was ok.
pub(super) fn quantile(tally: &OutcomeCounts, get: fn(Quantiles) -> f64) -> String {
    tally.latency_ms.map_or_else(|| "-".to_owned(), |quantiles| number(get(quantiles)))
}

/// Formats the share of offered operations that were acknowledged.
pub(super) fn share(tally: &OutcomeCounts) -> String {
    match tally.offered {
        0 => "-".to_owned(),
        offered => format!("{:.1} %", tally.ok as f64 * 100.0 / offered as f64),
    }
}

/// Formats a number with the digits that are significant.
pub(super) fn number(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 || number.fract() == 0.0 => format!("{number:.0}"),
        size if size >= 1.0 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}
