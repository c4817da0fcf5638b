//! `slicer`: data is cut into small chunks.

use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::RngExt;

use super::attribute::Attribute;
use super::queue::HeldItems;
use super::spec::{Action, ToxicKind};
use super::stage::{Random, Start, StreamItem, ToxicStage};
use super::values::Values;

pub(super) static SPEC: ToxicKind = ToxicKind {
    name: "slicer",
    about: "cuts data into small chunks, with a pause after each; changes no byte",
    effect: "sliced",
    attributes: &[
        // With a negative size, Toxiproxy may halve a chunk without end and overflow its stack.
        Attribute::new("average_size", "B", "size of a chunk; 0 cuts nothing").at_least(0).needed(),
        Attribute::new("size_variation", "B", "largest deviation from it, drawn uniformly for each chunk")
            .at_least(0),
        // Microseconds as in Toxiproxy, whose other toxics count in milliseconds.
        Attribute::new("delay", "µs", "pause after each chunk"),
    ],
    action: Action::Bytes(|values, start| Box::new(Slicer::new(values, start))),
    of_toxiproxy: true,
};

/// Longest pause in microseconds, one day.
// More could overflow the moment to which it is added.
const LONGEST: u64 = 24 * 3600 * 1_000_000;

#[derive(Debug)]
struct Slicer {
    average: usize,
    variation: usize,
    delay: Duration,
    held: HeldItems,
    /// End of the pause.
    pause: Instant,
    random: Random,
    cut: Option<u64>,
}

impl Slicer {
    fn new(values: &Values, start: Start) -> Self {
        let mut slicer = Self {
            average: 0,
            variation: 0,
            delay: Duration::ZERO,
            held: HeldItems::default(),
            pause: start.now,
            random: start.random,
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

    /// Draws the size of the next chunk in bytes.
    fn size(&mut self) -> usize {
        // At least one byte: an empty chunk would leave the rest as long as it was.
        let least = self.average.saturating_sub(self.variation).max(1);
        let most = self.average.saturating_add(self.variation);
        if least < most { self.random.random_range(least..=most) } else { most }
    }

    /// Cuts the next chunk off `data` and puts the rest back.
    fn slice(&mut self, data: &mut Bytes, arrival: Instant) {
        // Toxiproxy halves a chunk until it fits, and overflows its stack where the sizes are 0.
        let size = if self.average == 0 { data.len() } else { self.size() };
        if size < data.len() {
            let rest = data.split_off(size);
            self.held.put_back(StreamItem::Data(rest), arrival);
            *self.cut.get_or_insert(0) += data.len() as u64;
        }
    }
}

impl ToxicStage for Slicer {
    fn has_room(&self) -> bool {
        self.held.is_empty()
    }

    fn push(&mut self, item: StreamItem, now: Instant) {
        self.held.push(item, now);
    }

    fn pop(&mut self, now: Instant) -> Option<StreamItem> {
        self.due().filter(|due| *due <= now)?;
        let (arrival, mut item) = self.held.pop()?;
        if let StreamItem::Data(data) = &mut item {
            self.slice(data, arrival);
            // From the moment of leaving, as in Toxiproxy: a pause is no rate that has to catch up.
            self.pause = now + self.delay;
        }
        Some(item)
    }

    fn due(&self) -> Option<Instant> {
        (!self.held.is_empty()).then_some(self.pause)
    }

    fn change(&mut self, values: &Values, now: Instant) {
        self.set(values);
        // A long pause ends with the values that asked for it, as in Toxiproxy.
        self.pause = now;
    }

    fn release(self: Box<Self>) -> Vec<StreamItem> {
        self.held.into_items()
    }

    fn effect(&mut self) -> Option<u64> {
        self.cut.take()
    }
}
