//! Which paths work, as far as their latest operations tell.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::checker::times::IN_A_ROW;

/// A path, and from when on it is to work, in microseconds after the start of the load.
pub(super) type Awaited = (String, i64);

/// Knows of each path when its latest operations were due that were ok in a row.
#[derive(Debug, Default)]
pub(super) struct Working {
    paths: Mutex<BTreeMap<String, VecDeque<i64>>>,
    changed: Notify,
}

impl Working {
    /// An operation has ended.
    pub(super) fn ended(&self, path: &str, due: i64, ok: bool) {
        let mut paths = self.paths();
        match paths.get_mut(path) {
            Some(in_a_row) if ok => {
                if in_a_row.len() == IN_A_ROW {
                    in_a_row.pop_front();
                }
                in_a_row.push_back(due);
            }
            Some(in_a_row) => in_a_row.clear(),
            None => drop(paths.insert(path.to_owned(), ok.then_some(due).into_iter().collect())),
        }
        drop(paths);
        self.changed.notify_waiters();
    }

    /// Whether the last operation of each of them was ok and due since then. At the end of a load the checker asks for
    /// no more.
    pub(super) fn work(&self, awaited: &[Awaited]) -> bool {
        self.all(awaited, 1)
    }

    /// Waits until each of them works, whatever comes later.
    pub(super) async fn wait(&self, awaited: &[Awaited]) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if self.all(awaited, IN_A_ROW) {
                return;
            }
            changed.await;
        }
    }

    fn all(&self, awaited: &[Awaited], enough: usize) -> bool {
        let paths = self.paths();
        awaited.iter().all(|(path, since)| {
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
        let working = Working::default();
        let awaited = [("log".to_owned(), 20)];
        for (due, ok, works) in
            [(10, true, false), (20, true, true), (30, false, false), (19, true, false), (40, true, true)]
        {
            working.ended("log", due, ok);
            working.ended("ping", due, !ok);
            assert_eq!(working.work(&awaited), works, "after {due}");
        }
        assert!(!working.work(&[("never asked".to_owned(), 0)]));
    }

    #[tokio::test]
    async fn what_is_waited_for_is_as_many_in_a_row_as_the_checker_wants() {
        let working = Working::default();
        let awaited = [("log".to_owned(), 100)];
        let mut wait = std::pin::pin!(working.wait(&awaited));
        for due in 90..100 + IN_A_ROW as i64 {
            assert!(futures::poll!(&mut wait).is_pending(), "at {due}");
            working.ended("log", due, true);
        }
        assert!(futures::poll!(&mut wait).is_ready());
    }
}
