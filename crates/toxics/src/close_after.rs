//! Data passes, and after a while the connection is closed.

use std::time::Instant;

use super::attribute::Attribute;
use super::queue::Queue;
use super::span::later;
use super::spec::{Acts, Spec};
use super::stage::{Begin, Item, Stage};
use super::values::Values;

pub(super) static SPEC: Spec = Spec {
    name: "close_after",
    about: "data passes; the connection is closed a while after its start, or after the toxic came to it, whatever the \
            traffic",
    effect: "closed",
    attributes: &[Attribute::new("time", "ms", "until the connection is closed")
        .at_least(0)
        .needed()
        .acting_at_zero()],
    acts: Acts::Stream(|values, begin| Box::new(CloseAfter::new(values, begin))),
    of_toxiproxy: false,
};

#[derive(Debug)]
struct CloseAfter {
    begun: Instant,
    time: i64,
    held: Queue,
    closed: bool,
    effect: Option<u64>,
}

impl CloseAfter {
    fn new(values: &Values, begin: Begin) -> Self {
        Self {
            begun: begin.now,
            time: values.get("time"),
            held: Queue::default(),
            closed: false,
            effect: None,
        }
    }
}

impl Stage for CloseAfter {
    fn has_room(&self) -> bool {
        self.held.is_empty()
    }

    fn take(&mut self, item: Item, now: Instant) {
        self.held.push(item, now);
    }

    fn give(&mut self, now: Instant) -> Option<Item> {
        if let Some(item) = self.held.pop_item() {
            return Some(item);
        }
        if self.closed || later(self.begun, self.time) > now {
            return None;
        }
        self.closed = true;
        self.effect = Some(0);
        Some(Item::Close)
    }

    fn due(&self) -> Option<Instant> {
        self.held.came().or_else(|| (!self.closed).then(|| later(self.begun, self.time)))
    }

    fn change(&mut self, values: &Values, _: Instant) {
        self.time = values.get("time");
    }

    fn release(self: Box<Self>) -> Vec<Item> {
        self.held.into_items()
    }

    fn effect(&mut self) -> Option<u64> {
        self.effect.take()
    }
}
