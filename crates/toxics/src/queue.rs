//! The items that a stage holds, in the order of their arrival.

use std::collections::VecDeque;
use std::time::Instant;

use super::stage::StreamItem;

/// Limit of held chunks.
// Toxiproxy's limit for a latency.
const PIECES: usize = 1024;

/// Limit of held bytes.
// Beyond it the proxy no longer reads, and TCP slows the sender: memory stays bounded.
const BYTES: usize = 8 * 1024 * 1024;

/// Items with the moments of their arrival.
#[derive(Debug, Default)]
pub(crate) struct HeldItems {
    items: VecDeque<(Instant, StreamItem)>,
    // A sum beside the items, since room is asked for with each chunk and a latency may hold a thousand.
    bytes: usize,
}

impl HeldItems {
    pub(crate) fn push(&mut self, item: StreamItem, now: Instant) {
        self.bytes += item.len();
        self.items.push_back((now, item));
    }

    pub(crate) fn pop(&mut self) -> Option<(Instant, StreamItem)> {
        let popped = self.items.pop_front()?;
        self.bytes -= popped.1.len();
        Some(popped)
    }

    /// Removes and returns the first item, without its arrival.
    pub(crate) fn pop_item(&mut self) -> Option<StreamItem> {
        self.pop().map(|(_, item)| item)
    }

    /// Returns the number of held bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the arrival of the first item.
    pub(crate) fn arrival(&self) -> Option<Instant> {
        self.first().map(|(arrival, _)| *arrival)
    }

    /// Puts the rest of the first item back, with its arrival.
    pub(crate) fn put_back(&mut self, item: StreamItem, arrival: Instant) {
        self.bytes += item.len();
        self.items.push_front((arrival, item));
    }

    pub(crate) fn first(&self) -> Option<&(Instant, StreamItem)> {
        self.items.front()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Returns true while the sender may continue.
    pub(crate) fn has_room(&self) -> bool {
        self.items.len() < PIECES && self.bytes < BYTES
    }

    pub(crate) fn into_items(self) -> Vec<StreamItem> {
        self.items.into_iter().map(|(_, item)| item).collect()
    }
}
