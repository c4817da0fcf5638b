//! `corrupt`: bits are flipped at a rate.

use std::time::Instant;

use bytes::{Bytes, BytesMut};
use rand::RngExt;

use super::attribute::Attribute;
use super::queue::HeldItems;
use super::spec::{Action, ToxicKind};
use super::stage::{Random, Start, StreamItem, ToxicStage};
use super::values::Values;

pub(super) static SPEC: ToxicKind = ToxicKind {
    name: "corrupt",
    about: "flips one bit in a share of the bytes, drawn for each byte",
    effect: "corrupted",
    attributes: &[Attribute::new("rate", "per million", "bytes with a flipped bit").at_least(0).needed()],
    action: Action::Bytes(|values, start| Box::new(Corrupt::new(values, start))),
    of_toxiproxy: false,
};

#[derive(Debug)]
struct Corrupt {
    /// Probability that a byte is changed, 0 to 1.
    rate: f64,
    /// Bytes that pass unchanged before the next changed one.
    // It carries over from chunk to chunk, so the result does not depend on how the network cuts the bytes.
    gap: u64,
    held: HeldItems,
    random: Random,
    changed: Option<u64>,
}

impl Corrupt {
    fn new(values: &Values, start: Start) -> Self {
        let mut corrupt =
            Self { rate: 0.0, gap: 0, held: HeldItems::default(), random: start.random, changed: None };
        corrupt.set(values);
        corrupt
    }

    fn set(&mut self, values: &Values) {
        // The API has no upper bound: more than a million per million is every byte.
        self.rate = (values.at_least_zero("rate") as f64 / 1e6).min(1.0);
        // The distribution has no memory: a new draw in the middle of a gap leaves the rate as it is.
        self.gap = self.draw();
    }

    /// Draws the number of unchanged bytes before the next changed one.
    // The gaps between independent hits are distributed geometrically, so one draw for each changed byte is enough.
    fn draw(&mut self) -> u64 {
        if self.rate >= 1.0 {
            return 0;
        }
        let uniform: f64 = self.random.random_range(0.0..1.0);
        // `1.0 - uniform` is above 0, so its logarithm is finite. At a rate of 0 the quotient means nothing:
        // minus infinity or no number, of which the cast makes 0. So `flip` looks at the rate before the gap.
        ((1.0 - uniform).ln() / (1.0 - self.rate).ln()) as u64
    }

    /// Flips the bits that fall into `data`.
    fn flip(&mut self, data: Bytes) -> Bytes {
        // A chunk without a flipped bit passes without a copy.
        if self.rate == 0.0 || self.gap >= data.len() as u64 {
            self.gap = self.gap.saturating_sub(data.len() as u64);
            return data;
        }
        let mut bytes = BytesMut::from(data);
        let mut place = self.gap;
        while let Some(byte) = usize::try_from(place).ok().and_then(|place| bytes.get_mut(place)) {
            // A flipped bit always changes the byte. A random byte would be the old one in 1 of 256 cases.
            *byte ^= 1 << self.random.random_range(0..8);
            *self.changed.get_or_insert(0) += 1;
            place = place.saturating_add(1).saturating_add(self.draw());
        }
        self.gap = place.saturating_sub(bytes.len() as u64);
        bytes.freeze()
    }
}

impl ToxicStage for Corrupt {
    fn has_room(&self) -> bool {
        self.held.is_empty()
    }

    fn push(&mut self, item: StreamItem, now: Instant) {
        let item = match item {
            StreamItem::Data(data) => StreamItem::Data(self.flip(data)),
            end => end,
        };
        self.held.push(item, now);
    }

    fn pop(&mut self, _: Instant) -> Option<StreamItem> {
        self.held.pop_item()
    }

    fn due(&self) -> Option<Instant> {
        self.held.arrival()
    }

    fn change(&mut self, values: &Values, _: Instant) {
        self.set(values);
    }

    fn release(self: Box<Self>) -> Vec<StreamItem> {
        self.held.into_items()
    }

    fn effect(&mut self) -> Option<u64> {
        self.changed.take()
    }
}
