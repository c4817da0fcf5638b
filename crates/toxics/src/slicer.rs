//! Data is cut into small pieces.

use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::RngExt;

use super::attribute::Attribute;
use super::queue::Queue;
use super::spec::{Acts, Spec};
use super::stage::{Begin, Item, Random, Stage};
use super::values::Values;

pub(super) static SPEC: Spec = Spec {
    name: "slicer",
    about: "data is cut into small pieces, with a pause after each; no byte is changed",
    effect: "sliced",
    attributes: &[
        Attribute::new("average_size", "B", "of a piece; nothing is cut, if 0").at_least(0).needed(),
        Attribute::new("size_variation", "B", "how much smaller or larger a piece may be").at_least(0),
        Attribute::new("delay", "µs", "the pause after each piece"),
    ],
    acts: Acts::Stream(|values, begin| Box::new(Slicer::new(values, begin))),
    of_toxiproxy: true,
};

/// The longest pause, a day: long enough for anyone, short enough to be added to any moment.
const LONGEST: u64 = 24 * 3600 * 1_000_000;

#[derive(Debug)]
struct Slicer {
    average: usize,
    variation: usize,
    delay: Duration,
    held: Queue,
    /// Until when the pause lasts.
    pause: Instant,
    random: Random,
    cut: Option<u64>,
}

impl Slicer {
    fn new(values: &Values, begin: Begin) -> Self {
        let mut slicer = Self {
            average: 0,
            variation: 0,
            delay: Duration::ZERO,
            held: Queue::default(),
            pause: begin.now,
            random: begin.random,
            cut: None,
        };
        slicer.set(values);
        slicer
    }

    fn set(&mut self, values: &Values) {
        let size = |attribute| usize::try_from(values.at_least_zero(attribute)).unwrap_or(usize::MAX);
        (self.average, self.variation) = (size("average_size"), size("size_variation"));
        self.delay = Duration::from_micros(values.at_least_zero("delay").min(LONGEST));
    }

    /// Bytes of the next piece.
    fn size(&mut self) -> usize {
        let least = self.average.saturating_sub(self.variation).max(1);
        let most = self.average.saturating_add(self.variation);
        if least < most { self.random.random_range(least..=most) } else { most }
    }

    fn slice(&mut self, data: &mut Bytes, came: Instant) {
        let size = if self.average == 0 { data.len() } else { self.size() };
        if size < data.len() {
            let rest = data.split_off(size);
            self.held.put_back(Item::Data(rest), came);
            *self.cut.get_or_insert(0) += data.len() as u64;
        }
    }
}

impl Stage for Slicer {
    fn has_room(&self) -> bool {
        self.held.is_empty()
    }

    fn take(&mut self, item: Item, now: Instant) {
        self.held.push(item, now);
    }

    fn give(&mut self, now: Instant) -> Option<Item> {
        self.due().filter(|due| *due <= now)?;
        let (came, mut item) = self.held.pop()?;
        if let Item::Data(data) = &mut item {
            self.slice(data, came);
            self.pause = now + self.delay;
        }
        Some(item)
    }

    fn due(&self) -> Option<Instant> {
        (!self.held.is_empty()).then_some(self.pause)
    }

    fn change(&mut self, values: &Values, now: Instant) {
        self.set(values);
        self.pause = now;
    }

    fn release(self: Box<Self>) -> Vec<Item> {
        self.held.into_items()
    }

    fn effect(&mut self) -> Option<u64> {
        self.cut.take()
    }
}
