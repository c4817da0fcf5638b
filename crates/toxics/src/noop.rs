//! `noop`: bytes pass unchanged.

use std::time::Instant;

use super::queue::HeldItems;
use super::spec::{Action, ToxicKind};
use super::stage::{StreamItem, ToxicStage};
use super::values::Values;

/// Kind `noop`, with which clients of Toxiproxy try out the API.
pub static SPEC: ToxicKind = ToxicKind {
    name: "noop",
    about: "does nothing",
    effect: "left unchanged",
    attributes: &[],
    action: Action::Bytes(|_, _| Box::new(Noop::default())),
    of_toxiproxy: true,
};

#[derive(Debug, Default)]
struct Noop {
    held: HeldItems,
}

impl ToxicStage for Noop {
    fn has_room(&self) -> bool {
        // One chunk at a time, since it leaves at once. What comes meanwhile waits in the buffers of TCP.
        self.held.is_empty()
    }

    fn push(&mut self, item: StreamItem, now: Instant) {
        self.held.push(item, now);
    }

    fn pop(&mut self, _: Instant) -> Option<StreamItem> {
        self.held.pop_item()
    }

    fn due(&self) -> Option<Instant> {
        self.held.arrival()
    }

    fn change(&mut self, _: &Values, _: Instant) {}

    fn release(self: Box<Self>) -> Vec<StreamItem> {
        self.held.into_items()
    }

    fn effect(&mut self) -> Option<u64> {
        None
    }
}
