//! The share of operations that were ok: without a fault on every path, and during faults on the paths that
//! don't use what is faulty. A path that was not asked in such a time is not judged by it.

use super::verdict::{Check, Verdict};
use crate::history::Outcome;
use crate::scenario::share::Share;
use crate::timeline::Operation;
use crate::timeline::{FaultWindow, Timeline};

/// The checks `without-fault`, `unaffected` and, for each path that is named, `during PATH`.
#[must_use]
pub fn checks(timeline: &Timeline) -> Vec<Check> {
    let mut checks = vec![without_fault(timeline)];
    if !timeline.faults.windows().is_empty() {
        checks.push(unaffected(timeline));
    }
    checks.extend(
        timeline.run.schedule.expect.during.iter().map(|(path, share)| during(timeline, path, *share)),
    );
    checks
}

fn without_fault(timeline: &Timeline) -> Check {
    let mut shares = Shares::of(timeline.run.schedule.expect.without_fault);
    for path in timeline.paths() {
        shares.take(
            path,
            timeline.of_path(path).filter(|operation| !timeline.is_under_fault(operation)).collect(),
        );
    }
    shares.check(timeline, "without-fault", "no path was loaded")
}

/// Looks at the operations that no fault touched but those of other paths.
fn unaffected(timeline: &Timeline) -> Check {
    let mut shares = Shares::of(timeline.run.schedule.expect.unaffected);
    for path in timeline.paths() {
        let uses = |window: &&FaultWindow| window.affected.contains(path);
        let others: Vec<&FaultWindow> =
            timeline.faults.windows().iter().filter(|window| !uses(window)).collect();
        let counts = |operation: &&Operation| {
            let touches = |window: &&FaultWindow| window.touches(operation);
            others.iter().any(touches)
                && !timeline.faults.windows().iter().filter(touches).any(|window| uses(&window))
        };
        let operations: Vec<_> = timeline.of_path(path).filter(counts).collect();
        // Where another fault of its own lasted as long, the path was asked and can't be judged.
        if shares.was_asked(timeline, path, &others) && !operations.is_empty() {
            shares.take(path, operations);
        }
    }
    shares.check(timeline, "unaffected", "no path was without a fault of its own meanwhile")
}

fn during(timeline: &Timeline, path: &str, share: Share) -> Check {
    let mut shares = Shares::of(share);
    if shares.was_asked(timeline, path, &timeline.faults.windows().iter().collect::<Vec<_>>()) {
        shares.take(
            path,
            timeline.of_path(path).filter(|operation| timeline.is_under_fault(operation)).collect(),
        );
    }
    shares.check(timeline, &format!("during {path}"), "the path was not loaded")
}

/// The share of each path by itself: many good answers on one must not hide another that is gone.
struct Shares {
    share: Share,
    paths: usize,
    operations: usize,
    /// Paths with too small a share, with their counts.
    low: Vec<String>,
    /// Operations of those that were not ok.
    missed: Vec<String>,
    /// Paths without an operation in a time that is to be judged.
    not_asked: Vec<String>,
}

impl Shares {
    fn of(share: Share) -> Self {
        let (low, missed, not_asked) = (Vec::new(), Vec::new(), Vec::new());
        Self { share, paths: 0, operations: 0, low, missed, not_asked }
    }

    /// Takes the operations of a path.
    fn take(&mut self, path: &str, operations: Vec<&Operation>) {
        let is_ok = |operation: &&Operation| operation.outcome == Some(Outcome::Ok);
        let ok = operations.iter().copied().filter(is_ok).count();
        self.paths += 1;
        self.operations += operations.len();
        match self.share.is_kept_by(ok as u64, operations.len() as u64) {
            Some(true) => {}
            Some(false) => {
                self.low.push(format!("{path} {ok} of {}", operations.len()));
                let missed = operations.into_iter().filter(|operation| !is_ok(operation));
                self.missed.extend(missed.map(|operation| operation.id.clone()));
            }
            None => self.not_asked.push(path.to_owned()),
        }
    }

    /// Tells whether a path was asked in each of the windows. One that is shorter than the time between two arrivals, say,
    /// shows nothing of the path.
    fn was_asked(&mut self, timeline: &Timeline, path: &str, windows: &[&FaultWindow]) -> bool {
        let silent = windows
            .iter()
            .filter(|window| !timeline.of_path(path).any(|operation| window.touches(operation)));
        let silent: Vec<String> = silent.map(|window| format!("{path} during {}", window.name)).collect();
        let was_asked = silent.is_empty() || self.share.is_kept_by(0, 0).is_some();
        if !was_asked {
            self.not_asked.extend(silent);
        }
        was_asked
    }

    fn check(self, timeline: &Timeline, name: &str, none: &str) -> Check {
        let Self { share, paths, operations, low, missed, not_asked } = self;
        let (verdict, detail) = match (low.is_empty(), not_asked.is_empty()) {
            // Operations whose ends were not recorded any more count as not ok.
            (false, _) => {
                (Verdict::in_time(timeline, false), format!("less than {share} ok: {}", low.join(", ")))
            }
            (true, false) => {
                let told = "nothing is known of what was not asked: expected an operation, found none on";
                (Verdict::Unknown, format!("{told} {}", not_asked.join(", ")))
            }
            (true, true) if paths == 0 => (Verdict::Pass, none.to_owned()),
            (true, true) => {
                (Verdict::Pass, format!("at least {share} of {operations} operations ok on each path"))
            }
        };
        Check::new(name, verdict, detail).with_ids(&missed)
    }
}
