//! No data passes, and after a while the connection is closed.

use std::time::Instant;

use super::attribute::Attribute;
use super::span::later;
use super::spec::{Acts, Spec};
use super::stage::{Begin, Item, Stage};
use super::values::Values;

pub(super) static SPEC: Spec = Spec {
    name: "timeout",
    about: "data is dropped; the connection is closed a while after its start, or after the toxic came to it, whatever \
            the traffic, and when the toxic goes",
    effect: "silenced",
    attributes: &[Attribute::new("timeout", "ms", "until the connection is closed; never, if 0")],
    acts: Acts::Stream(|values, begin| Box::new(Timeout::new(values, begin))),
    of_toxiproxy: true,
};

#[derive(Debug)]
struct Timeout {
    begun: Instant,
    timeout: i64,
    /// The end of the data, which does pass.
    end: Option<Item>,
    closed: bool,
    dropped: Option<u64>,
}

impl Timeout {
    fn new(values: &Values, begin: Begin) -> Self {
        Self { begun: begin.now, timeout: values.get("timeout"), end: None, closed: false, dropped: None }
    }
}

impl Stage for Timeout {
    fn has_room(&self) -> bool {
        true
    }

    fn take(&mut self, item: Item, _: Instant) {
        match item {
            Item::Data(data) => *self.dropped.get_or_insert(0) += data.len() as u64,
            end => self.end = Some(end),
        }
    }

    fn give(&mut self, now: Instant) -> Option<Item> {
        if let Some(end) = self.end.take() {
            return Some(end);
        }
        self.due().filter(|due| *due <= now)?;
        self.closed = true;
        self.dropped.get_or_insert(0);
        Some(Item::Close)
    }

    fn due(&self) -> Option<Instant> {
        (self.timeout > 0 && !self.closed).then(|| later(self.begun, self.timeout))
    }

    fn change(&mut self, values: &Values, _: Instant) {
        self.timeout = values.get("timeout");
    }

    fn release(self: Box<Self>) -> Vec<Item> {
        vec![Item::Close]
    }

    fn effect(&mut self) -> Option<u64> {
        self.dropped.take()
    }
}
