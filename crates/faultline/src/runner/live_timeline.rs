//! The timeline of a run that goes on, for all its readers: drain, display and live lab.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::history::Event;
use crate::timeline::{Retention, Timeline};

/// The timeline of a run that goes on; copies share it. It begins with the run's first event.
#[derive(Debug, Clone, Default)]
pub struct LiveTimeline(Arc<Mutex<Option<Timeline>>>);

impl LiveTimeline {
    /// Adds the next event.
    pub fn push(&self, event: &Event) {
        let mut timeline = self.lock();
        match (&mut *timeline, event) {
            // Recent seconds only: a manual load may last for hours, and the verdict is made from the file.
            (None, Event::Run(run)) => *timeline = Some(Timeline::new((**run).clone(), Retention::Recent)),
            (Some(timeline), event) => timeline.push(event),
            (None, _) => {}
        }
    }

    /// Reads the timeline; none before the run's first event.
    // A closure and no guard, so nobody can hold the lock across an await: the recorder would wait for it.
    pub fn read<T>(&self, read: impl FnOnce(&Timeline) -> T) -> Option<T> {
        self.lock().as_ref().map(read)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Timeline>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
