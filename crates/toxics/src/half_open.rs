//! `half_open`: the connection stays open and nothing passes, as behind a pulled cable.

use std::time::Instant;

use super::queue::HeldItems;
use super::spec::{Action, ToxicKind};
use super::stage::{StreamItem, ToxicStage};
use super::values::Values;

/// Kind `half_open`, of which partitions are made.
pub static SPEC: ToxicKind = ToxicKind {
    name: "half_open",
    about: "accepts connections and keeps them open, but passes nothing, not even a close or a reset; what is held \
            arrives when the toxic is removed",
    effect: "held back",
    attributes: &[],
    action: Action::Bytes(|_, _| Box::new(HalfOpen::default())),
    of_toxiproxy: false,
};

#[derive(Debug, Default)]
struct HalfOpen {
    held: HeldItems,
    held_back: Option<u64>,
}

impl ToxicStage for HalfOpen {
    fn has_room(&self) -> bool {
        // One chunk, as evidence that data would have passed. The rest waits in the buffers of TCP and slows the sender,
        // as behind a switch that died.
        self.held.is_empty()
    }

    fn push(&mut self, item: StreamItem, now: Instant) {
        *self.held_back.get_or_insert(0) += item.len() as u64;
        self.held.push(item, now);
    }

    fn pop(&mut self, _: Instant) -> Option<StreamItem> {
        None
    }

    fn due(&self) -> Option<Instant> {
        // No moment: only the removal of the toxic releases what is held.
        None
    }

    fn change(&mut self, _: &Values, _: Instant) {}

    fn release(self: Box<Self>) -> Vec<StreamItem> {
        self.held.into_items()
    }

    fn is_silent(&self) -> bool {
        // Behind a pulled cable nobody hears of a reset either.
        true
    }

    fn effect(&mut self) -> Option<u64> {
        self.held_back.take()
    }
}
