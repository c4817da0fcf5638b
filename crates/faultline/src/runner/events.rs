//! What becomes of operations, as events of the history.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::working::Working;
use crate::history::{Completion, Event, Invoke, Outcome};
use crate::load::{Operation, Sent, Sink, payload};
use crate::scenario::Schedule;

/// Tells operations as events of a history.
pub(super) struct Events {
    events: mpsc::Sender<Event>,
    working: Arc<Working>,
    /// By stream: its path, and whether its operations are entries.
    streams: Vec<(String, bool)>,
}

impl Events {
    /// For the streams of a schedule; `stores` says of a path whether its operations are entries.
    pub(super) fn new(
        events: mpsc::Sender<Event>,
        working: Arc<Working>,
        schedule: &Schedule,
        stores: impl Fn(&str) -> bool,
    ) -> Self {
        let streams = schedule.streams.iter();
        let streams = streams.map(|stream| (stream.path.clone(), stores(&stream.path))).collect();
        Self { events, working, streams }
    }

    async fn tell(&self, event: Event) {
        // The receiver outlives the load; without it there is nobody left to tell.
        let _ = self.events.send(event).await;
    }
}

impl Sink for Events {
    async fn begins(&self, operation: &Operation, sent: i64) {
        let (path, stores) = &self.streams[operation.stream];
        self.tell(Event::Invoke(Invoke {
            id: operation.id.clone(),
            path: path.clone(),
            due: operation.due,
            sent,
            hash: stores.then(|| payload::hash(&operation.data)),
        }))
        .await;
    }

    async fn ends(&self, operation: Operation, _: i64, ended: i64, came: Sent) {
        let Sent { outcome, status, message, undeclared } = came;
        let (path, _) = &self.streams[operation.stream];
        self.working.ended(path, operation.due, outcome == Outcome::Ok);
        let settled = Completion { id: operation.id, at: ended, outcome, status, message, undeclared };
        self.tell(Event::Settle(settled)).await;
    }

    async fn dropped(&self, operation: Operation) {
        let path = self.streams[operation.stream].0.clone();
        self.working.ended(&path, operation.due, false);
        self.tell(Event::Drop { id: operation.id, path, due: operation.due }).await;
    }
}
