//! Each piece of data leaves so long after it came, give or take the jitter.

use std::time::{Duration, Instant};

use rand::RngExt;

use super::attribute::Attribute;
use super::queue::Queue;
use super::span::span;
use super::spec::{Acts, Spec};
use super::stage::{Begin, Item, Random, Stage};
use super::values::Values;

/// What it is.
pub static SPEC: Spec = Spec {
    name: "latency",
    about: "each piece of data leaves so long after it came; the order is kept, and so is the throughput",
    effect: "delayed",
    attributes: &[
        Attribute::new("latency", "ms", "how long each piece is held").needed(),
        Attribute::new("jitter", "ms", "how much longer or shorter at most, drawn evenly for each piece"),
    ],
    acts: Acts::Stream(|values, begin| Box::new(Latency::new(values, begin))),
    of_toxiproxy: true,
};

#[derive(Debug)]
struct Latency {
    latency: Duration,
    jitter: Duration,
    held: Queue,
    /// When the first that is held may leave; drawn when it becomes the first.
    due: Option<Instant>,
    random: Random,
    delayed: Option<u64>,
}

impl Latency {
    fn new(values: &Values, begin: Begin) -> Self {
        Self {
            latency: span(values.get("latency")),
            jitter: span(values.get("jitter")),
            held: Queue::default(),
            due: None,
            random: begin.random,
            delayed: None,
        }
    }

    /// How long the next piece is held.
    fn draw(&mut self) -> Duration {
        if self.jitter.is_zero() {
            return self.latency;
        }
        let range = self.jitter.as_secs_f64() * 2.0;
        let more = Duration::from_secs_f64(self.random.random_range(0.0..range));
        (self.latency + more).saturating_sub(self.jitter)
    }

    fn look_at_first(&mut self) {
        if self.due.is_none()
            && let Some((came, item)) = self.held.first()
        {
            let came = *came;
            // A close follows the data, but is not delayed itself.
            let held = if matches!(item, Item::Data(_)) { self.draw() } else { Duration::ZERO };
            self.due = Some(came + held);
            // Told as it is held: neither the connection nor the toxic need be there still when the time is over.
            if !held.is_zero() {
                self.delayed.get_or_insert(0);
            }
        }
    }
}

impl Stage for Latency {
    fn has_room(&self) -> bool {
        self.held.has_room()
    }

    fn take(&mut self, item: Item, now: Instant) {
        self.held.push(item, now);
        self.look_at_first();
    }

    fn give(&mut self, now: Instant) -> Option<Item> {
        let due = self.due.filter(|due| *due <= now)?;
        let (came, item) = self.held.pop()?;
        if due > came {
            *self.delayed.get_or_insert(0) += item.len() as u64;
        }
        self.due = None;
        self.look_at_first();
        Some(item)
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }

    fn change(&mut self, values: &Values, now: Instant) {
        (self.latency, self.jitter) = (span(values.get("latency")), span(values.get("jitter")));
        // The one that is being held goes at once, as Toxiproxy's does; those behind it by the new values.
        self.due = self.due.map(|due| due.min(now));
    }

    fn release(self: Box<Self>) -> Vec<Item> {
        self.held.into_items()
    }

    fn effect(&mut self) -> Option<u64> {
        self.delayed.take()
    }
}
