//! The state that everybody shares. Viewers are told what changed twice a second; one that comes, or was too slow, is told
//! all of it first.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::broadcast;

use super::state::State;
use crate::history::event::SystemInfo;
use crate::report::Report;
use crate::runner::{Hands, Listener, Progress};

/// How often viewers are told.
const EVERY: Duration = Duration::from_millis(500);

/// Changes that a viewer may be behind; then it is told all again.
const BEHIND: usize = 16;

/// The state that everybody shares; its copies are the same.
#[derive(Debug, Clone)]
pub struct Board(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    inner: Mutex<Inner>,
    changes: broadcast::Sender<Arc<str>>,
}

#[derive(Debug, Default)]
struct Inner {
    state: State,
    hands: Option<Hands>,
    is_changed: bool,
}

impl Default for Board {
    fn default() -> Self {
        Self(Arc::new(Shared { inner: Mutex::default(), changes: broadcast::Sender::new(BEHIND) }))
    }
}

impl Board {
    /// Sets the system that the pictures show.
    pub fn show(&self, system: SystemInfo) {
        self.change(|inner| inner.state.show(system));
    }

    /// Takes the verdict of the run that was.
    pub fn judged(&self, report: &Report) {
        self.change(|inner| inner.state.judged(report));
    }

    /// A run is over without a verdict.
    pub fn failed(&self, why: &str) {
        self.change(|inner| inner.state.failed(why));
    }

    /// Who does faults by hand from now on.
    pub fn give(&self, hands: Hands) {
        self.change(|inner| inner.hands = Some(hands));
    }

    /// Who does faults by hand; none while there is no system.
    #[must_use]
    pub fn hands(&self) -> Option<Hands> {
        self.inner().hands.clone()
    }

    /// Whether a run goes on.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.inner().state.is_running()
    }

    /// All of the state as JSON, and the changes from then on.
    #[must_use]
    pub fn watch(&self) -> (String, broadcast::Receiver<Arc<str>>) {
        // Subscribed first: a change that is in both does no harm, one that is in neither would.
        let changes = self.0.changes.subscribe();
        (self.all(), changes)
    }

    /// All of the state as JSON.
    #[must_use]
    pub fn all(&self) -> String {
        serde_json::to_string(&self.inner().state.all()).unwrap_or_default()
    }

    /// Tells viewers what changed, until dropped.
    pub async fn tell(self) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let mut inner = self.inner();
            if !inner.is_changed {
                continue;
            }
            inner.is_changed = false;
            if let Ok(change) = serde_json::to_string(&inner.state.changed()) {
                // Without viewers nobody is told.
                let _ = self.0.changes.send(change.into());
            }
        }
    }

    fn change(&self, change: impl FnOnce(&mut Inner)) {
        let mut inner = self.inner();
        change(&mut inner);
        inner.is_changed = true;
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for Board {
    fn on(&mut self, progress: &Progress) {
        self.change(|inner| {
            if let Progress::Hands(hands) = progress {
                inner.hands = Some(hands.clone());
            }
            inner.state.take(progress);
        });
    }
}

/// Listens for what happens between two runs.
#[derive(Debug)]
pub struct Between(pub Board);

impl Listener for Between {
    fn on(&mut self, progress: &Progress) {
        self.0.change(|inner| inner.state.take_between(progress));
    }
}
