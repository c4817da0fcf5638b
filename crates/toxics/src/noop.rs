//! Nothing is done to the bytes.

use std::time::Instant;

use super::queue::Queue;
use super::spec::{Acts, Spec};
use super::stage::{Item, Stage};
use super::values::Values;

/// What it is.
pub static SPEC: Spec = Spec {
    name: "noop",
    about: "nothing is done",
    effect: "left alone",
    attributes: &[],
    acts: Acts::Stream(|_, _| Box::new(Noop::default())),
    of_toxiproxy: true,
};

#[derive(Debug, Default)]
struct Noop {
    held: Queue,
}

impl Stage for Noop {
    fn has_room(&self) -> bool {
        self.held.is_empty()
    }

    fn take(&mut self, item: Item, now: Instant) {
        self.held.push(item, now);
    }

    fn give(&mut self, _: Instant) -> Option<Item> {
        self.held.pop_item()
    }

    fn due(&self) -> Option<Instant> {
        self.held.came()
    }

    fn change(&mut self, _: &Values, _: Instant) {}

    fn release(self: Box<Self>) -> Vec<Item> {
        self.held.into_items()
    }

    fn effect(&mut self) -> Option<u64> {
        None
    }
}
