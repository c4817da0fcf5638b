//! Data passes at once; the end of it only after a while.

use std::time::Instant;

use super::attribute::Attribute;
use super::queue::Queue;
use super::span::later;
use super::spec::{Acts, Spec};
use super::stage::{Item, Stage};
use super::values::Values;

pub(super) static SPEC: Spec = Spec {
    name: "slow_close",
    about: "data passes at once, the close of the connection only after a while",
    effect: "held open",
    attributes: &[Attribute::new("delay", "ms", "how long the close is held").needed()],
    acts: Acts::Stream(|values, _| Box::new(SlowClose::new(values))),
    of_toxiproxy: true,
};

#[derive(Debug)]
struct SlowClose {
    delay: i64,
    held: Queue,
    held_back: Option<u64>,
}

impl SlowClose {
    fn new(values: &Values) -> Self {
        Self { delay: values.get("delay"), held: Queue::default(), held_back: None }
    }
}

impl Stage for SlowClose {
    fn has_room(&self) -> bool {
        self.held.is_empty()
    }

    fn take(&mut self, item: Item, now: Instant) {
        // Told as it is held: the connection may be reset before the time is over.
        if !matches!(item, Item::Data(_)) && self.delay > 0 {
            self.held_back = Some(0);
        }
        self.held.push(item, now);
    }

    fn give(&mut self, now: Instant) -> Option<Item> {
        self.due().filter(|due| *due <= now)?;
        self.held.pop().map(|(_, item)| item)
    }

    fn due(&self) -> Option<Instant> {
        let (came, item) = self.held.first()?;
        Some(if matches!(item, Item::Data(_)) { *came } else { later(*came, self.delay) })
    }

    fn change(&mut self, values: &Values, _: Instant) {
        self.delay = values.get("delay");
    }

    fn release(self: Box<Self>) -> Vec<Item> {
        self.held.into_items()
    }

    fn effect(&mut self) -> Option<u64> {
        self.held_back.take()
    }
}
