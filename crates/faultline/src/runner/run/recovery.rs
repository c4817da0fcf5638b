//! Recovery of the paths, judged by their latest operations.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::checker::times::IN_A_ROW;

/// A path, and the time from which it must be ok again, in microseconds after the start of the load.
pub(super) type RecoveryGoal = (String, i64);

/// Tracker of the operations of each path that were ok in a row, by their due times.
#[derive(Debug, Default)]
pub(super) struct RecoveryTracker {
    paths: Mutex<BTreeMap<String, VecDeque<i64>>>,
    changed: Notify,
}

impl RecoveryTracker {
    /// Adds the outcome of an operation.
    // In the order in which operations end, the only one that is known while the load goes on.
    // The checker has all of them later, and uses their due times.
    pub(super) fn ended(&self, path: &str, due: i64, ok: bool) {
        let mut paths = self.paths();
        match paths.get_mut(path) {
            Some(in_a_row) if ok => {
                if in_a_row.len() == IN_A_ROW {
                    // Nobody asks for more, and a load may last for hours.
                    in_a_row.pop_front();
                }
                in_a_row.push_back(due);
            }
            Some(in_a_row) => in_a_row.clear(),
            None => drop(paths.insert(path.to_owned(), ok.then_some(due).into_iter().collect())),
        }
        // Before the wake-up: whoever waits takes the lock at once.
        drop(paths);
        self.changed.notify_waiters();
    }

    /// Returns true if the last operation of each path was ok, and due since its goal.
    pub(super) fn is_recovered(&self, goals: &[RecoveryGoal]) -> bool {
        // One is enough at the end of a load, where the checker asks for no more.
        self.reached(goals, 1)
    }

    /// Waits until each path has recovered once.
    pub(super) async fn wait(&self, goals: &[RecoveryGoal]) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // Registered before the look: `notify_waiters` wakes only those who wait already.
            changed.as_mut().enable();
            if self.reached(goals, IN_A_ROW) {
                return;
            }
            changed.await;
        }
    }

    fn reached(&self, goals: &[RecoveryGoal], enough: usize) -> bool {
        let paths = self.paths();
        goals.iter().all(|(path, since)| {
            let in_a_row = paths.get(path).into_iter().flatten();
            in_a_row.filter(|due| *due >= since).count() >= enough
        })
    }

    fn paths(&self) -> MutexGuard<'_, BTreeMap<String, VecDeque<i64>>> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_works_when_its_last_operation_was_ok_and_due_since() {
        let tracker = RecoveryTracker::default();
        let goals = [("log".to_owned(), 20)];
        for (due, ok, works) in
            [(10, true, false), (20, true, true), (30, false, false), (19, true, false), (40, true, true)]
        {
            tracker.ended("log", due, ok);
            tracker.ended("ping", due, !ok);
            assert_eq!(tracker.is_recovered(&goals), works, "after {due}");
        }
        assert!(!tracker.is_recovered(&[("never asked".to_owned(), 0)]));
    }

    #[tokio::test]
    async fn recovery_needs_as_many_ok_in_a_row_as_the_checker_wants() {
        let tracker = RecoveryTracker::default();
        let goals = [("log".to_owned(), 100)];
        let mut wait = std::pin::pin!(tracker.wait(&goals));
        for due in 90..100 + IN_A_ROW as i64 {
            assert!(futures::poll!(&mut wait).is_pending(), "at {due}");
            tracker.ended("log", due, true);
        }
        assert!(futures::poll!(&mut wait).is_ready());
    }
}
