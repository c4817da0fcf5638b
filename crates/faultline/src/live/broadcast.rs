//! The state of the lab, shared by all viewers. A viewer receives the whole state first, then its changes twice a
//! second.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::broadcast;

use super::state::LabState;
use crate::history::run_info::SystemInfo;
use crate::report::Report;
use crate::runner::{Listener, ManualFaults, Progress};

/// Interval between two changes.
const EVERY: Duration = Duration::from_millis(500);

/// Changes that a viewer may be behind; one that is further behind receives the whole state again.
// Eight seconds. Each change holds all small state, so more of them would cost memory and
// show nothing that the latest does not.
const BEHIND: usize = 16;

/// Broadcast of the lab's state; copies are the same.
#[derive(Debug, Clone)]
pub struct Broadcast(Arc<BroadcastInner>);

#[derive(Debug)]
struct BroadcastInner {
    shared: Mutex<BroadcastState>,
    // Text, which is made once for all viewers.
    changes: broadcast::Sender<Arc<str>>,
}

#[derive(Debug, Default)]
struct BroadcastState {
    lab: LabState,
    manual_faults: ManualFaults,
    is_changed: bool,
}

impl Default for Broadcast {
    fn default() -> Self {
        Self(Arc::new(BroadcastInner { shared: Mutex::default(), changes: broadcast::Sender::new(BEHIND) }))
    }
}

impl Broadcast {
    /// Sets the system that the pictures show.
    pub fn show(&self, system: SystemInfo) {
        self.change(|shared| shared.lab.show(system));
    }

    /// Adds the verdict of the last run.
    pub fn add_verdict(&self, report: &Report) {
        self.change(|shared| shared.lab.add_verdict(report));
    }

    /// Ends the run without a verdict, for a reason.
    pub fn end_without_verdict(&self, why: &str) {
        self.change(|shared| shared.lab.end_without_verdict(why));
    }

    /// Replaces the handle for manual faults.
    pub fn set_manual_faults(&self, manual_faults: ManualFaults) {
        self.shared().manual_faults = manual_faults;
    }

    /// Returns the handle for manual faults, of the run that goes on or begins, or of the system between two runs.
    #[must_use]
    pub fn manual_faults(&self) -> ManualFaults {
        self.shared().manual_faults.clone()
    }

    /// Returns true while a run goes on.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.shared().lab.is_running()
    }

    /// Returns the whole state as JSON, and the changes from then on.
    #[must_use]
    pub fn watch(&self) -> (String, broadcast::Receiver<Arc<str>>) {
        // Subscribed first: a change that is in both does no harm, one that is in neither would be lost.
        let changes = self.0.changes.subscribe();
        (self.all(), changes)
    }

    /// Returns the whole state as JSON.
    #[must_use]
    pub fn all(&self) -> String {
        serde_json::to_string(&self.shared().lab.all()).unwrap_or_default()
    }

    /// Sends changes to the viewers, until dropped.
    pub async fn send_changes(self) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let mut shared = self.shared();
            if !shared.is_changed {
                continue;
            }
            shared.is_changed = false;
            // Small state is sent in full each time, so a change that is lost or repeated does no harm.
            if let Ok(change) = serde_json::to_string(&shared.lab.changed()) {
                // An error means that there are no viewers.
                let _ = self.0.changes.send(change.into());
            }
        }
    }

    fn change(&self, change: impl FnOnce(&mut BroadcastState)) {
        let mut shared = self.shared();
        change(&mut shared);
        shared.is_changed = true;
    }

    fn shared(&self) -> MutexGuard<'_, BroadcastState> {
        self.0.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for Broadcast {
    fn on(&mut self, progress: &Progress) {
        self.change(|shared| shared.lab.apply(progress));
    }
}

/// Listener for the time between two runs.
#[derive(Debug)]
pub struct BetweenRuns(pub Broadcast);

impl Listener for BetweenRuns {
    fn on(&mut self, progress: &Progress) {
        self.0.change(|shared| shared.lab.apply_between_runs(progress));
    }
}
