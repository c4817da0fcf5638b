//! `timeout`: no data passes, and the connection is closed after a time.

use std::time::Instant;

use super::attribute::Attribute;
use super::span::later;
use super::spec::{Action, ToxicKind};
use super::stage::{Start, StreamItem, ToxicStage};
use super::values::Values;

pub(super) static SPEC: ToxicKind = ToxicKind {
    name: "timeout",
    about: "drops all data; closes the connection at a time after its start or after the injection, whatever the \
            traffic, and when the toxic is removed",
    effect: "silenced",
    attributes: &[Attribute::new("timeout", "ms", "time until the connection is closed; 0 never closes it")],
    action: Action::Bytes(|values, start| Box::new(Timeout::new(values, start))),
    of_toxiproxy: true,
};

#[derive(Debug)]
struct Timeout {
    // Toxiproxy counts from the last data, so that steady traffic keeps a connection open for ever.
    begun: Instant,
    timeout: i64,
    /// End of the data, which does pass.
    end: Option<StreamItem>,
    closed: bool,
    dropped: Option<u64>,
}

impl Timeout {
    fn new(values: &Values, start: Start) -> Self {
        Self { begun: start.now, timeout: values.get("timeout"), end: None, closed: false, dropped: None }
    }
}

impl ToxicStage for Timeout {
    fn has_room(&self) -> bool {
        // Dropped data needs no room, and the sender must not notice that nobody reads it.
        true
    }

    fn push(&mut self, item: StreamItem, _: Instant) {
        match item {
            StreamItem::Data(data) => *self.dropped.get_or_insert(0) += data.len() as u64,
            // The end passes, as in Toxiproxy: the other side sees a close without data.
            end => self.end = Some(end),
        }
    }

    fn pop(&mut self, now: Instant) -> Option<StreamItem> {
        if let Some(end) = self.end.take() {
            return Some(end);
        }
        self.due().filter(|due| *due <= now)?;
        self.closed = true;
        self.dropped.get_or_insert(0);
        Some(StreamItem::Close)
    }

    fn due(&self) -> Option<Instant> {
        (self.timeout > 0 && !self.closed).then(|| later(self.begun, self.timeout))
    }

    fn change(&mut self, values: &Values, _: Instant) {
        // Still from the same start: updates must not put the close off for ever.
        self.timeout = values.get("timeout");
    }

    fn release(self: Box<Self>) -> Vec<StreamItem> {
        // As in Toxiproxy, removing the toxic closes the connection.
        vec![StreamItem::Close]
    }

    fn effect(&mut self) -> Option<u64> {
        self.dropped.take()
    }
}
