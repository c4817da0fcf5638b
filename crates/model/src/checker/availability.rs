//! The share of operations that were ok: without a fault on every path, and during faults on the paths that
//! don't use what is faulty.

use super::verdict::Check;
use super::view::View;
use crate::history::{Operation, Outcome};
use crate::scenario::share::Share;

/// The checks `without-fault`, `unaffected` and, for each path that is named, `during PATH`.
#[must_use]
pub fn checks(view: &View<'_>) -> Vec<Check> {
    let expect = &view.run.schedule.expect;
    let without = |operation: &Operation| !view.is_under_fault(operation);
    let unaffected = |operation: &Operation| {
        let mut touching = view.windows.iter().filter(|window| window.touches(operation)).peekable();
        touching.peek().is_some() && touching.all(|window| !window.affected.contains(&operation.path))
    };
    let mut checks = vec![check(view, "without-fault", expect.without_fault, &without)];
    if !view.windows.is_empty() {
        checks.push(check(view, "unaffected", expect.unaffected, &unaffected));
    }
    for (path, share) in &expect.during {
        let named = |operation: &Operation| operation.path == *path && view.is_under_fault(operation);
        checks.push(check(view, &format!("during {path}"), *share, &named));
    }
    checks
}

/// Keeps a share on each path by itself: many good answers on one must not hide another that is gone.
fn check(view: &View<'_>, name: &str, share: Share, counts: &dyn Fn(&Operation) -> bool) -> Check {
    let mut told = Vec::new();
    let mut missed = Vec::new();
    let mut all = 0;
    for path in view.paths() {
        let of_path = || view.of_path(path).filter(|operation| counts(operation));
        let whole = of_path().count() as u64;
        let ok = of_path().filter(|operation| operation.outcome == Some(Outcome::Ok)).count() as u64;
        all += whole;
        if !share.is_kept_by(ok, whole) {
            told.push(format!("{path} {ok} of {whole}"));
            missed
                .extend(of_path().filter(|operation| operation.outcome != Some(Outcome::Ok)).map(|o| &o.id));
        }
    }
    let detail = match told.is_empty() {
        true => format!("at least {share} of {all} operations ok on each path"),
        false => format!("less than {share} ok: {}", told.join(", ")),
    };
    // Operations whose ends were not recorded any more count as not ok.
    Check::new(name, view.verdict_of(told.is_empty()), detail).with_ids(missed)
}
