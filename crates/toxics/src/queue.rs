//! What a stage holds, in the order in which it came.

use std::collections::VecDeque;
use std::time::Instant;

use super::stage::Item;

/// Pieces of data that a stage may hold, as many as Toxiproxy lets a latency hold.
const PIECES: usize = 1024;

/// Bytes that a stage may hold before the sender feels it.
const BYTES: usize = 8 * 1024 * 1024;

/// Items and when they came.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    items: VecDeque<(Instant, Item)>,
    bytes: usize,
}

impl Queue {
    pub(crate) fn push(&mut self, item: Item, now: Instant) {
        self.bytes += item.len();
        self.items.push_back((now, item));
    }

    pub(crate) fn pop(&mut self) -> Option<(Instant, Item)> {
        let popped = self.items.pop_front()?;
        self.bytes -= popped.1.len();
        Some(popped)
    }

    /// The first, whenever it came.
    pub(crate) fn pop_item(&mut self) -> Option<Item> {
        self.pop().map(|(_, item)| item)
    }

    /// Bytes of data in it.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// When the first came.
    pub(crate) fn came(&self) -> Option<Instant> {
        self.first().map(|(came, _)| *came)
    }

    /// Puts back what is left of the first.
    pub(crate) fn put_back(&mut self, item: Item, came: Instant) {
        self.bytes += item.len();
        self.items.push_front((came, item));
    }

    pub(crate) fn first(&self) -> Option<&(Instant, Item)> {
        self.items.front()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether the sender may go on.
    pub(crate) fn has_room(&self) -> bool {
        self.items.len() < PIECES && self.bytes < BYTES
    }

    pub(crate) fn into_items(self) -> Vec<Item> {
        self.items.into_iter().map(|(_, item)| item).collect()
    }
}
