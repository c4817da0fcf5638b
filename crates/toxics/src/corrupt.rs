//! Bits are flipped at a rate.

use std::time::Instant;

use bytes::{Bytes, BytesMut};
use rand::RngExt;

use super::attribute::Attribute;
use super::queue::Queue;
use super::spec::{Acts, Spec};
use super::stage::{Begin, Item, Random, Stage};
use super::values::Values;

pub(super) static SPEC: Spec = Spec {
    name: "corrupt",
    about: "one bit is flipped in so many of a million bytes, each drawn by itself",
    effect: "corrupted",
    attributes: &[Attribute::new("rate", "per million", "bytes of which a bit is flipped")
        .at_least(0)
        .needed()],
    acts: Acts::Stream(|values, begin| Box::new(Corrupt::new(values, begin))),
    of_toxiproxy: false,
};

#[derive(Debug)]
struct Corrupt {
    /// How likely it is that a byte is changed.
    rate: f64,
    /// Bytes that pass unchanged before the next that is changed: chunks don't matter.
    gap: u64,
    held: Queue,
    random: Random,
    changed: Option<u64>,
}

impl Corrupt {
    fn new(values: &Values, begin: Begin) -> Self {
        let mut corrupt =
            Self { rate: 0.0, gap: 0, held: Queue::default(), random: begin.random, changed: None };
        corrupt.set(values);
        corrupt
    }

    fn set(&mut self, values: &Values) {
        self.rate = (values.at_least_zero("rate") as f64 / 1e6).min(1.0);
        self.gap = self.draw();
    }

    /// Unchanged bytes before a changed one: of the geometric distribution.
    fn draw(&mut self) -> u64 {
        if self.rate >= 1.0 {
            return 0;
        }
        let uniform: f64 = self.random.random_range(0.0..1.0);
        // A rate of 0 divides by 0 from below: the gap is endless.
        ((1.0 - uniform).ln() / (1.0 - self.rate).ln()) as u64
    }

    fn flip(&mut self, data: Bytes) -> Bytes {
        if self.rate == 0.0 || self.gap >= data.len() as u64 {
            self.gap = self.gap.saturating_sub(data.len() as u64);
            return data;
        }
        let mut bytes = BytesMut::from(data);
        let mut place = self.gap;
        while let Some(byte) = usize::try_from(place).ok().and_then(|place| bytes.get_mut(place)) {
            *byte ^= 1 << self.random.random_range(0..8);
            *self.changed.get_or_insert(0) += 1;
            place = place.saturating_add(1).saturating_add(self.draw());
        }
        self.gap = place.saturating_sub(bytes.len() as u64);
        bytes.freeze()
    }
}

impl Stage for Corrupt {
    fn has_room(&self) -> bool {
        self.held.is_empty()
    }

    fn take(&mut self, item: Item, now: Instant) {
        let item = match item {
            Item::Data(data) => Item::Data(self.flip(data)),
            end => end,
        };
        self.held.push(item, now);
    }

    fn give(&mut self, _: Instant) -> Option<Item> {
        self.held.pop_item()
    }

    fn due(&self) -> Option<Instant> {
        self.held.came()
    }

    fn change(&mut self, values: &Values, _: Instant) {
        self.set(values);
    }

    fn release(self: Box<Self>) -> Vec<Item> {
        self.held.into_items()
    }

    fn effect(&mut self) -> Option<u64> {
        self.changed.take()
    }
}
