//! Milliseconds as they are written, made into times.

use std::time::{Duration, Instant};

/// Longer than anyone waits, and short enough to be added to any moment.
const LONGEST: u64 = 10 * 365 * 24 * 3600 * 1000;

/// So many milliseconds from a moment on; ten years at the most, at once if negative.
pub(crate) fn later(from: Instant, millis: i64) -> Instant {
    from + span(millis)
}

/// So many milliseconds, within what can be waited.
pub(crate) fn span(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0).min(LONGEST))
}
