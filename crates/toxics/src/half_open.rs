//! The connection stays open, and nothing passes: as behind a cable that was pulled.

use std::time::Instant;

use super::queue::Queue;
use super::spec::{Acts, Spec};
use super::stage::{Item, Stage};
use super::values::Values;

/// What it is.
pub static SPEC: Spec = Spec {
    name: "half_open",
    about: "connections are accepted and stay open, but nothing passes, not even a close or a reset; when the \
            toxic goes, it all comes, as after a cable was plugged in again",
    effect: "held back",
    attributes: &[],
    acts: Acts::Stream(|_, _| Box::new(HalfOpen::default())),
    of_toxiproxy: false,
};

#[derive(Debug, Default)]
struct HalfOpen {
    held: Queue,
    held_back: Option<u64>,
}

impl Stage for HalfOpen {
    fn has_room(&self) -> bool {
        // One piece, as evidence that something would have passed; the sender feels the rest.
        self.held.is_empty()
    }

    fn take(&mut self, item: Item, now: Instant) {
        *self.held_back.get_or_insert(0) += item.len() as u64;
        self.held.push(item, now);
    }

    fn give(&mut self, _: Instant) -> Option<Item> {
        None
    }

    fn due(&self) -> Option<Instant> {
        None
    }

    fn change(&mut self, _: &Values, _: Instant) {}

    fn release(self: Box<Self>) -> Vec<Item> {
        self.held.into_items()
    }

    fn is_silent(&self) -> bool {
        true
    }

    fn effect(&mut self) -> Option<u64> {
        self.held_back.take()
    }
}
