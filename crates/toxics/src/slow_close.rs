//! `slow_close`: data passes at once, the close after a delay.

use std::time::Instant;

use super::attribute::Attribute;
use super::queue::HeldItems;
use super::span::later;
use super::spec::{Action, ToxicKind};
use super::stage::{StreamItem, ToxicStage};
use super::values::Values;

pub(super) static SPEC: ToxicKind = ToxicKind {
    name: "slow_close",
    about: "passes data at once, and delays the close of the connection",
    effect: "held open",
    attributes: &[Attribute::new("delay", "ms", "delay of the close").needed()],
    action: Action::Bytes(|values, _| Box::new(SlowClose::new(values))),
    of_toxiproxy: true,
};

#[derive(Debug)]
struct SlowClose {
    delay: i64,
    held: HeldItems,
    held_back: Option<u64>,
}

impl SlowClose {
    fn new(values: &Values) -> Self {
        Self { delay: values.get("delay"), held: HeldItems::default(), held_back: None }
    }
}

impl ToxicStage for SlowClose {
    fn has_room(&self) -> bool {
        self.held.is_empty()
    }

    fn push(&mut self, item: StreamItem, now: Instant) {
        // The effect counts from here on, since the connection may be reset before the delay is over.
        if !matches!(item, StreamItem::Data(_)) && self.delay > 0 {
            self.held_back = Some(0);
        }
        self.held.push(item, now);
    }

    fn pop(&mut self, now: Instant) -> Option<StreamItem> {
        self.due().filter(|due| *due <= now)?;
        self.held.pop().map(|(_, item)| item)
    }

    fn due(&self) -> Option<Instant> {
        let (arrival, item) = self.held.first()?;
        Some(if matches!(item, StreamItem::Data(_)) { *arrival } else { later(*arrival, self.delay) })
    }

    fn change(&mut self, values: &Values, _: Instant) {
        // A close that waits already gets another moment, counted from its arrival.
        self.delay = values.get("delay");
    }

    fn release(self: Box<Self>) -> Vec<StreamItem> {
        self.held.into_items()
    }

    fn effect(&mut self) -> Option<u64> {
        self.held_back.take()
    }
}
