//! `close_after`: data passes, and the connection is closed after a time.

use std::time::Instant;

use super::attribute::Attribute;
use super::queue::HeldItems;
use super::span::later;
use super::spec::{Action, ToxicKind};
use super::stage::{Start, StreamItem, ToxicStage};
use super::values::Values;

pub(super) static SPEC: ToxicKind = ToxicKind {
    name: "close_after",
    about: "passes data, and closes the connection at a time after its start or after the injection, whatever the \
            traffic",
    effect: "closed",
    attributes: &[Attribute::new("time", "ms", "time until the connection is closed")
        .at_least(0)
        .needed()
        .effective_at_zero()],
    action: Action::Bytes(|values, start| Box::new(CloseAfter::new(values, start))),
    of_toxiproxy: false,
};

#[derive(Debug)]
struct CloseAfter {
    begun: Instant,
    time: i64,
    held: HeldItems,
    closed: bool,
    effect: Option<u64>,
}

impl CloseAfter {
    fn new(values: &Values, start: Start) -> Self {
        Self {
            begun: start.now,
            time: values.get("time"),
            held: HeldItems::default(),
            closed: false,
            effect: None,
        }
    }
}

impl ToxicStage for CloseAfter {
    fn has_room(&self) -> bool {
        self.held.is_empty()
    }

    fn push(&mut self, item: StreamItem, now: Instant) {
        self.held.push(item, now);
    }

    fn pop(&mut self, now: Instant) -> Option<StreamItem> {
        // Data that is here already arrived before the close, even if the time is over.
        if let Some(item) = self.held.pop_item() {
            return Some(item);
        }
        if self.closed || later(self.begun, self.time) > now {
            return None;
        }
        // Once only: a stage behind this one may hold the close, and the chain would add others to it.
        self.closed = true;
        self.effect = Some(0);
        Some(StreamItem::Close)
    }

    fn due(&self) -> Option<Instant> {
        self.held.arrival().or_else(|| (!self.closed).then(|| later(self.begun, self.time)))
    }

    fn change(&mut self, values: &Values, _: Instant) {
        // Still from the same start, so a shorter time may be over at once.
        self.time = values.get("time");
    }

    fn release(self: Box<Self>) -> Vec<StreamItem> {
        // No close, which `timeout` has from Toxiproxy: no data is missing, so the connection may go on.
        self.held.into_items()
    }

    fn effect(&mut self) -> Option<u64> {
        self.effect.take()
    }
}
