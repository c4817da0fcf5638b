//! Seconds put together until there are few enough of them to be seen.

use super::super::details::Details;
use super::super::model::Report;
use crate::measure::{Second, Tally};

/// Slices that a chart has at most.
const MOST: u64 = 240;

/// The time that a chart shows, from the start of the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// Seconds in all.
    pub(super) seconds: u64,
    /// Seconds of a slice.
    pub(super) slice: u64,
}

impl Span {
    /// All of the load and of the faults.
    pub(super) fn of(report: &Report, details: &Details) -> Self {
        let last = details.seconds.iter().map(|second| second.second + 1).max().unwrap_or(0);
        let planned = details.run.schedule.ends().div_ceil(1_000_000);
        let ends = report.faults.iter().filter_map(|fault| fault.to_ms.or(fault.undo_ms));
        let faults = ends.map(|ms| u64::try_from(ms).unwrap_or(0).div_ceil(1000)).max().unwrap_or(0);
        // A run that was ended at once was to take longer, and one whose faults never end has no end.
        let seconds = if last == 0 { planned } else { last.max(faults) }.max(1);
        Self { seconds, slice: seconds.div_ceil(MOST) }
    }
}

/// What became of the operations of one slice of time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Slice {
    /// Where it begins, in seconds.
    pub(super) from: u64,
    /// Everything of it.
    pub(super) tally: Tally,
}

/// The slices of a path in which something was due, in order.
pub(super) fn of(path: &str, seconds: &[Second], span: Span) -> Vec<Slice> {
    let mut slices: Vec<Slice> = Vec::new();
    for second in seconds.iter().filter(|second| second.path == path) {
        let from = second.second / span.slice * span.slice;
        match slices.last_mut() {
            Some(last) if last.from == from => last.tally.add(&second.tally),
            _ => slices.push(Slice { from, tally: second.tally.clone() }),
        }
    }
    slices
}
