//! Judges the share of operations that were ok: on every path in the steady state, and on unaffected paths during
//! faults. A path without operations in such a time is not judged by it.

use super::verdict::{Check, Verdict};
use super::words;
use crate::history::Outcome;
use crate::scenario::share::Share;
use crate::timeline::Operation;
use crate::timeline::{FaultWindow, Timeline};

/// Makes the checks `steady-state`, `unaffected` and, for each path that is named, `during PATH`.
#[must_use]
pub fn checks(timeline: &Timeline) -> Vec<Check> {
    let mut checks = vec![steady_state(timeline)];
    if !timeline.faults.windows().is_empty() {
        checks.push(unaffected(timeline));
    }
    // Also in a run in which no fault began: a share of no operations is unknown and not kept.
    checks.extend(
        timeline.run.schedule.expect.during.iter().map(|(path, share)| during(timeline, path, *share)),
    );
    checks
}

// A system that fails without faults must not be excused by them.
fn steady_state(timeline: &Timeline) -> Check {
    let mut shares = Shares::new(timeline.run.schedule.expect.steady_state);
    for path in timeline.paths() {
        shares.add(
            path,
            timeline.of_path(path).filter(|operation| !timeline.is_under_fault(operation)).collect(),
        );
    }
    shares.check(timeline, "steady-state", "no path was loaded")
}

/// Judges the operations that only faults of other paths touched.
// A fault that spreads to paths that do not use its target is the kind of failure that chaos experiments look for.
fn unaffected(timeline: &Timeline) -> Check {
    let mut shares = Shares::new(timeline.run.schedule.expect.unaffected);
    for path in timeline.paths() {
        let uses = |window: &&FaultWindow| window.affected.contains(path);
        let others: Vec<&FaultWindow> =
            timeline.faults.windows().iter().filter(|window| !uses(window)).collect();
        let counts = |operation: &&Operation| {
            let touches = |window: &&FaultWindow| window.touches(operation);
            // An operation that a fault of its own path touched as well says nothing about the others.
            others.iter().any(touches)
                && !timeline.faults.windows().iter().filter(touches).any(|window| uses(&window))
        };
        let operations: Vec<_> = timeline.of_path(path).filter(counts).collect();
        // Where another fault of its own lasted as long, the path was loaded and can't be judged.
        if shares.was_loaded(timeline, path, &others) && !operations.is_empty() {
            shares.add(path, operations);
        }
    }
    shares.check(timeline, "unaffected", "every loaded path was affected by a fault")
}

fn during(timeline: &Timeline, path: &str, share: Share) -> Check {
    let mut shares = Shares::new(share);
    if shares.was_loaded(timeline, path, &timeline.faults.windows().iter().collect::<Vec<_>>()) {
        shares.add(
            path,
            timeline.of_path(path).filter(|operation| timeline.is_under_fault(operation)).collect(),
        );
    }
    shares.check(timeline, &format!("during {path}"), "the path was not loaded")
}

/// The share of each path by itself.
// Many good answers on one path must not hide another that is gone.
struct Shares {
    share: Share,
    paths: Vec<String>,
    operations: usize,
    /// Lowest share of a path that keeps it.
    lowest: Option<Share>,
    /// Paths with too small a share, with their counts.
    low: Vec<String>,
    /// Operations of those that were not ok.
    missed: Vec<String>,
    /// Paths without an operation in a time that is to be judged.
    not_loaded: Vec<String>,
}

impl Shares {
    fn new(share: Share) -> Self {
        let (low, missed, not_loaded) = (Vec::new(), Vec::new(), Vec::new());
        Self { share, paths: Vec::new(), operations: 0, lowest: None, low, missed, not_loaded }
    }

    /// Adds the operations of a path.
    fn add(&mut self, path: &str, operations: Vec<&Operation>) {
        let is_ok = |operation: &&Operation| operation.outcome == Some(Outcome::Ok);
        let ok = operations.iter().copied().filter(is_ok).count();
        let (part, whole) = (ok as u64, operations.len() as u64);
        if whole > 0 {
            self.paths.push(path.to_owned());
        }
        self.operations += operations.len();
        match self.share.is_kept_by(part, whole) {
            Some(true) => {
                let found = Share::of(part, whole);
                if whole > 0 {
                    self.lowest = Some(self.lowest.map_or(found, |lowest| lowest.min(found)));
                }
            }
            Some(false) => {
                self.low.push(format!("{path} {ok} of {}", operations.len()));
                let missed = operations.into_iter().filter(|operation| !is_ok(operation));
                self.missed.extend(missed.map(|operation| operation.id.clone()));
            }
            None => self.not_loaded.push(path.to_owned()),
        }
    }

    /// Tells whether a path had an operation in each of the windows.
    // In each: a window that is shorter than the time between two arrivals shows nothing of the path, and the
    // operations of another window must not stand in for it.
    fn was_loaded(&mut self, timeline: &Timeline, path: &str, windows: &[&FaultWindow]) -> bool {
        let silent = windows
            .iter()
            .filter(|window| !timeline.of_path(path).any(|operation| window.touches(operation)));
        let silent: Vec<String> = silent.map(|window| format!("{path} during {}", window.name)).collect();
        // A share of 0 % asks for nothing, so a path without operations keeps it too.
        let was_loaded = silent.is_empty() || self.share.is_kept_by(0, 0).is_some();
        if !was_loaded {
            self.not_loaded.extend(silent);
        }
        was_loaded
    }

    fn check(self, timeline: &Timeline, name: &str, none: &str) -> Check {
        let Self { share, paths, operations, lowest, low, missed, not_loaded } = self;
        let (verdict, detail) = match (low.is_empty(), not_loaded.is_empty()) {
            // Operations whose ends were not recorded any more count as not ok.
            (false, _) => {
                (Verdict::in_time(timeline, false), format!("below {share} ok: {}", low.join(", ")))
            }
            (true, false) => {
                let detail = format!("expected an operation, found none on {}", not_loaded.join(", "));
                (Verdict::Unknown, detail)
            }
            (true, true) => {
                let found = lowest.map(|found| {
                    let names = words::names(paths.iter().map(String::as_str), "paths");
                    // The lowest share that was found, not the expected one alone, which says nothing of this run.
                    let least =
                        if paths.len() == 1 || found == Share::percent(100) { "" } else { "at least " };
                    format!("{names}: {least}{found} ok (expected {share}), {operations} operations")
                });
                (Verdict::Pass, found.unwrap_or_else(|| none.to_owned()))
            }
        };
        Check::new(name, verdict, detail).with_ids(&missed)
    }
}
