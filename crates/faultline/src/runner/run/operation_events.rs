//! Operations as events of the history.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::recovery::RecoveryTracker;
use crate::history::{Completion, Event, Invoke, Outcome};
use crate::load::{LoadOperation, OperationRecorder, Response, payload};
use crate::scenario::Schedule;

/// Sender of operations as events of a history.
pub(super) struct OperationEvents {
    events: mpsc::Sender<Event>,
    tracker: Arc<RecoveryTracker>,
    /// Path of each stream, and true if its operations are entries.
    streams: Vec<(String, bool)>,
}

impl OperationEvents {
    /// Makes the sender for the streams of a schedule; `stores` is true of a path whose operations are entries.
    pub(super) fn new(
        events: mpsc::Sender<Event>,
        tracker: Arc<RecoveryTracker>,
        schedule: &Schedule,
        stores: impl Fn(&str) -> bool,
    ) -> Self {
        let streams = schedule.streams.iter();
        let streams = streams.map(|stream| (stream.path.clone(), stores(&stream.path))).collect();
        Self { events, tracker, streams }
    }

    async fn send(&self, event: Event) {
        // The receiver outlives the load; without it there is no history to write.
        let _ = self.events.send(event).await;
    }
}

impl OperationRecorder for OperationEvents {
    async fn begins(&self, operation: &LoadOperation, sent: i64) {
        let (path, stores) = &self.streams[operation.stream];
        self.send(Event::Invoke(Invoke {
            id: operation.id.clone(),
            path: path.clone(),
            due: operation.due,
            sent,
            // The hash stands for the data, which would make the history as large as the load.
            hash: stores.then(|| payload::hash(&operation.data)),
        }))
        .await;
    }

    async fn ends(&self, operation: LoadOperation, _: i64, ended: i64, response: Response) {
        let Response { outcome, status, message, undeclared } = response;
        let (path, _) = &self.streams[operation.stream];
        self.tracker.ended(path, operation.due, outcome == Outcome::Ok);
        let settled = Completion { id: operation.id, at: ended, outcome, status, message, undeclared };
        self.send(Event::Settle(settled)).await;
    }

    async fn dropped(&self, operation: LoadOperation) {
        let path = self.streams[operation.stream].0.clone();
        // A dropped operation breaks the row, as it does for the checker.
        self.tracker.ended(&path, operation.due, false);
        self.send(Event::Drop { id: operation.id, path, due: operation.due }).await;
    }
}
