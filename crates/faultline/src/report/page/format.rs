//! Times and numbers as people read them.

use crate::checker::{OutcomeCounts, Quantiles};

/// Microseconds as seconds, `4.2 s`.
pub(super) fn seconds(micros: i64) -> String {
    format!("{:.1} s", micros as f64 / 1e6)
}

/// Milliseconds, where there are any.
pub(super) fn millis(ms: Option<u64>) -> String {
    ms.map_or_else(|| "not seen".to_owned(), |ms| format!("{ms} ms"))
}

/// A quantile of a tally in milliseconds, where there is one.
pub(super) fn quantile(tally: &OutcomeCounts, get: fn(Quantiles) -> f64) -> String {
    tally.latency_ms.map_or_else(|| "-".to_owned(), |quantiles| number(get(quantiles)))
}

/// The share that was acknowledged of what was offered.
pub(super) fn share(tally: &OutcomeCounts) -> String {
    match tally.offered {
        0 => "-".to_owned(),
        offered => format!("{:.1} %", tally.ok as f64 * 100.0 / offered as f64),
    }
}

/// A number with as many digits as say something.
pub(super) fn number(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 || number.fract() == 0.0 => format!("{number:.0}"),
        size if size >= 1.0 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}
