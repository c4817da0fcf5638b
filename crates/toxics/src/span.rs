//! Milliseconds of attributes as durations and moments.

use std::time::{Duration, Instant};

/// Longest span in milliseconds, ten years.
// More could overflow the moment to which it is added.
const LONGEST: u64 = 10 * 365 * 24 * 3600 * 1000;

/// Returns the moment `millis` after `from`; at most ten years later, `from` itself if negative.
pub(crate) fn later(from: Instant, millis: i64) -> Instant {
    from + span(millis)
}

/// Converts milliseconds to a duration of at most ten years; 0 if negative.
pub(crate) fn span(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0).min(LONGEST))
}
