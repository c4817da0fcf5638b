//! `reset_peer`: the connection is reset, a time after the first data.

use std::time::Instant;

use super::attribute::Attribute;
use super::span::later;
use super::spec::{Action, ToxicKind};
use super::stage::{StreamItem, ToxicStage};
use super::values::Values;

pub(super) static SPEC: ToxicKind = ToxicKind {
    name: "reset_peer",
    about: "drops the first data or the close, and resets both sides a time later; idle connections stay open",
    effect: "reset",
    attributes: &[Attribute::new("timeout", "ms", "time from the first data to the reset")],
    action: Action::Bytes(|values, _| Box::new(ResetPeer::new(values))),
    of_toxiproxy: true,
};

#[derive(Debug)]
struct ResetPeer {
    timeout: i64,
    /// Arrival of the first data, or of the close.
    first: Option<Instant>,
    /// True once the reset has left.
    // A stage behind may hold it, and must not get another at each look.
    is_over: bool,
    dropped: Option<u64>,
}

impl ResetPeer {
    fn new(values: &Values) -> Self {
        Self { timeout: values.get("timeout"), first: None, is_over: false, dropped: None }
    }
}

impl ToxicStage for ResetPeer {
    fn has_room(&self) -> bool {
        // Nothing is read from then on: the connection cannot go on, and TCP keeps what still arrives.
        self.first.is_none()
    }

    fn push(&mut self, item: StreamItem, now: Instant) {
        // The end of the data is dropped too: passed on, it would close the connection before the reset.
        // Later items come only from a removed stage, and do not restart the time.
        self.first.get_or_insert(now);
        *self.dropped.get_or_insert(0) += item.len() as u64;
    }

    fn pop(&mut self, now: Instant) -> Option<StreamItem> {
        self.due().filter(|due| *due <= now)?;
        self.is_over = true;
        Some(StreamItem::Reset)
    }

    fn due(&self) -> Option<Instant> {
        if self.is_over { None } else { Some(later(self.first?, self.timeout)) }
    }

    fn change(&mut self, values: &Values, _: Instant) {
        self.timeout = values.get("timeout");
    }

    fn release(self: Box<Self>) -> Vec<StreamItem> {
        // A connection that has lost data cannot go on: it ends as it would have ended a little later.
        if self.first.is_some() && !self.is_over { vec![StreamItem::Reset] } else { Vec::new() }
    }

    fn effect(&mut self) -> Option<u64> {
        self.dropped.take()
    }
}
