//! `latency`: each chunk leaves its delay, give or take the jitter, after it arrived.

use std::time::{Duration, Instant};

use rand::RngExt;

use super::attribute::Attribute;
use super::queue::HeldItems;
use super::span::span;
use super::spec::{Action, ToxicKind};
use super::stage::{Random, Start, StreamItem, ToxicStage};
use super::values::Values;

/// Kind `latency`.
pub static SPEC: ToxicKind = ToxicKind {
    name: "latency",
    about: "delays each chunk by the latency, give or take the jitter; keeps order and throughput",
    effect: "delayed",
    attributes: &[
        Attribute::new("latency", "ms", "delay of each chunk").needed(),
        Attribute::new("jitter", "ms", "largest deviation from it, drawn uniformly for each chunk"),
    ],
    action: Action::Bytes(|values, start| Box::new(LatencyStage::new(values, start))),
    of_toxiproxy: true,
};

#[derive(Debug)]
struct LatencyStage {
    latency: Duration,
    jitter: Duration,
    held: HeldItems,
    /// Moment at which the first held item may leave; drawn when the item becomes the first.
    due: Option<Instant>,
    random: Random,
    delayed: Option<u64>,
}

impl LatencyStage {
    fn new(values: &Values, start: Start) -> Self {
        Self {
            latency: span(values.get("latency")),
            jitter: span(values.get("jitter")),
            held: HeldItems::default(),
            due: None,
            random: start.random,
            delayed: None,
        }
    }

    /// Draws the delay of the next chunk.
    fn draw(&mut self) -> Duration {
        // An empty range has nothing to draw from, and `random_range` panics.
        if self.jitter.is_zero() {
            return self.latency;
        }
        // From 0 to twice the jitter, shifted afterwards: a `Duration` cannot be negative.
        let range = self.jitter.as_secs_f64() * 2.0;
        let more = Duration::from_secs_f64(self.random.random_range(0.0..range));
        // A jitter above the latency draws delays below 0 too. Toxiproxy does not wait then either.
        (self.latency + more).saturating_sub(self.jitter)
    }

    /// Sets the moment at which the first held item leaves.
    fn schedule_first(&mut self) {
        // Only the first item has a moment: a shorter delay behind it must not overtake it.
        if self.due.is_none()
            && let Some((arrival, item)) = self.held.first()
        {
            // From the arrival, not from the moment at which the item became the first: items that arrive together leave
            // together, so the throughput stays the same.
            let arrival = *arrival;
            // As in Toxiproxy, a close follows the data without a delay of its own.
            let delay = if matches!(item, StreamItem::Data(_)) { self.draw() } else { Duration::ZERO };
            self.due = Some(arrival + delay);
            // The effect counts from here on, since the connection or the toxic may be gone before the delay is over.
            if !delay.is_zero() {
                self.delayed.get_or_insert(0);
            }
        }
    }
}

impl ToxicStage for LatencyStage {
    fn has_room(&self) -> bool {
        self.held.has_room()
    }

    fn push(&mut self, item: StreamItem, now: Instant) {
        self.held.push(item, now);
        self.schedule_first();
    }

    fn pop(&mut self, now: Instant) -> Option<StreamItem> {
        let due = self.due.filter(|due| *due <= now)?;
        let (arrival, item) = self.held.pop()?;
        // A draw of no delay is no evidence of a latency.
        if due > arrival {
            *self.delayed.get_or_insert(0) += item.len() as u64;
        }
        self.due = None;
        self.schedule_first();
        Some(item)
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }

    fn change(&mut self, values: &Values, now: Instant) {
        (self.latency, self.jitter) = (span(values.get("latency")), span(values.get("jitter")));
        // As in Toxiproxy, the first held item leaves at once; the new values apply to those behind it.
        self.due = self.due.map(|due| due.min(now));
    }

    fn release(self: Box<Self>) -> Vec<StreamItem> {
        self.held.into_items()
    }

    fn effect(&mut self) -> Option<u64> {
        self.delayed.take()
    }
}
