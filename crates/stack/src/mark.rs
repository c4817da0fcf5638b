//! The mark of a harness on everything that it starts: two environment variables of a process, two labels of a container.

use super::tree;

/// The variable that marks a child with its run.
pub const RUN: &str = "FAULTLINE_RUN";

/// The variable that marks a child with its harness: process id, a colon, and when that started.
pub const HARNESS: &str = "FAULTLINE_HARNESS";

/// The mark of this harness, for [`HARNESS`].
#[must_use]
pub fn mark() -> String {
    let pid = std::process::id();
    format!("{pid}:{}", tree::see(pid).map_or(0, |process| process.started_at))
}

/// Whether the process that a mark names still runs.
#[must_use]
pub fn is_alive(mark: &str) -> bool {
    let Some((pid, started_at)) = mark.split_once(':') else { return false };
    let (Ok(pid), Ok(started_at)) = (pid.parse(), started_at.parse::<u64>()) else { return false };
    tree::see(pid)
        .is_some_and(|process| process.started_at == started_at && !matches!(process.state, 'Z' | 'X'))
}
