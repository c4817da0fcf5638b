//! `limit_data`: a number of bytes passes, then the connection is closed.

use std::time::Instant;

use super::attribute::Attribute;
use super::queue::HeldItems;
use super::spec::{Action, ToxicKind};
use super::stage::{StreamItem, ToxicStage};
use super::values::Values;

pub(super) static SPEC: ToxicKind = ToxicKind {
    name: "limit_data",
    about: "passes a number of bytes, then closes the connection",
    effect: "cut short",
    attributes: &[Attribute::new("bytes", "B", "bytes that pass; at 0 the first data closes the connection")],
    action: Action::Bytes(|values, _| Box::new(LimitData::new(values))),
    of_toxiproxy: true,
};

#[derive(Debug)]
struct LimitData {
    limit: u64,
    passed: u64,
    held: HeldItems,
    dropped: Option<u64>,
}

impl LimitData {
    fn new(values: &Values) -> Self {
        Self { limit: values.at_least_zero("bytes"), passed: 0, held: HeldItems::default(), dropped: None }
    }
}

impl ToxicStage for LimitData {
    fn has_room(&self) -> bool {
        self.held.is_empty()
    }

    fn push(&mut self, item: StreamItem, now: Instant) {
        let StreamItem::Data(mut data) = item else { return self.held.push(item, now) };
        let left = usize::try_from(self.limit.saturating_sub(self.passed)).unwrap_or(usize::MAX);
        let beyond = data.len().saturating_sub(left);
        data.truncate(left);
        self.passed += data.len() as u64;
        // Data has at least one byte: the stages behind this one rely on it.
        if !data.is_empty() {
            self.held.push(StreamItem::Data(data), now);
        }
        // At the limit itself, as in Toxiproxy: the sender need not send one byte more.
        if self.passed >= self.limit {
            // Also 0 bytes: the close is an effect of its own.
            *self.dropped.get_or_insert(0) += beyond as u64;
            self.held.push(StreamItem::Close, now);
        }
    }

    fn pop(&mut self, _: Instant) -> Option<StreamItem> {
        self.held.pop_item()
    }

    fn due(&self) -> Option<Instant> {
        self.held.arrival()
    }

    fn change(&mut self, values: &Values, _: Instant) {
        // `passed` stays, as in Toxiproxy. Below it the new limit closes the connection with the next data.
        self.limit = values.at_least_zero("bytes");
    }

    fn release(self: Box<Self>) -> Vec<StreamItem> {
        self.held.into_items()
    }

    fn effect(&mut self) -> Option<u64> {
        self.dropped.take()
    }
}
