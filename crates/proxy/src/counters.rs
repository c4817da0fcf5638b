//! The counters of a proxy. The evidence of a fault of its link is the difference of two snapshots.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::answer_times::{AnswerTimer, AwaitedAnswer};
use faultline_toxics::Direction;

/// Counters of a proxy since its creation.
#[derive(Debug, Default)]
pub struct Counters {
    accepted: AtomicU64,
    open: AtomicU64,
    upstream_bytes: AtomicU64,
    downstream_bytes: AtomicU64,
    reset: AtomicU64,
    cut: AtomicU64,
    upstream_refused: AtomicU64,
    pub(super) answers: AnswerTimer,
}

/// Counters of one connection, which adds to those of its proxy.
#[derive(Debug)]
pub(super) struct ConnectionMeter<'a> {
    counters: &'a Counters,
    question: AwaitedAnswer,
}

/// Values of the counters at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Connections accepted since the creation of the proxy.
    pub accepted: u64,
    /// Connections open now.
    pub open: u64,
    /// Bytes sent to the server.
    pub upstream_bytes: u64,
    /// Bytes sent to clients.
    pub downstream_bytes: u64,
    /// Connections reset by either side or by a toxic.
    pub reset: u64,
    /// Connections ended by disabling the proxy.
    pub cut: u64,
    /// Connections ended because the upstream did not accept them.
    pub upstream_refused: u64,
}

impl<'a> ConnectionMeter<'a> {
    pub(super) fn new(counters: &'a Counters) -> Self {
        Self { counters, question: AwaitedAnswer::default() }
    }

    /// Starts the time to the answer when bytes of the client arrive.
    pub(super) fn add_arrival(&self, direction: Direction) {
        // Toxics may hold the bytes for a while, which is part of the time.
        if direction == Direction::Upstream {
            self.counters.answers.ask(&self.question);
        }
    }

    /// Counts bytes that were sent.
    pub(super) fn add_bytes(&self, direction: Direction, bytes: usize) {
        // A lane also reports writes that moved nothing.
        if bytes == 0 {
            return;
        }
        self.counters.add_bytes(direction, bytes);
        // Without toxics nobody reports an arrival; bytes are sent at the moment at which they arrive.
        match direction {
            Direction::Upstream => self.counters.answers.ask(&self.question),
            Direction::Downstream => self.counters.answers.answer(&self.question),
        }
    }
}

impl Counters {
    /// Returns the current values.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        // Each counter is exact by itself. The evidence needs no order between them, so the cheapest one will do.
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Snapshot {
            accepted: read(&self.accepted),
            open: read(&self.open),
            upstream_bytes: read(&self.upstream_bytes),
            downstream_bytes: read(&self.downstream_bytes),
            reset: read(&self.reset),
            cut: read(&self.cut),
            upstream_refused: read(&self.upstream_refused),
        }
    }

    /// Counts a connection as accepted, and as open until the result is dropped.
    pub(crate) fn open_connection(&self) -> OpenConnection<'_> {
        // Unique to the connection, so that the draws of its toxics may depend on it.
        let number = self.accepted.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        OpenConnection { counters: self, number }
    }

    fn add_bytes(&self, direction: Direction, bytes: usize) {
        let counter = match direction {
            Direction::Upstream => &self.upstream_bytes,
            Direction::Downstream => &self.downstream_bytes,
        };
        counter.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_reset(&self) {
        self.reset.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_cut(&self, connections: u64) {
        self.cut.fetch_add(connections, Ordering::Relaxed);
    }

    pub(crate) fn add_upstream_refused(&self) {
        self.upstream_refused.fetch_add(1, Ordering::Relaxed);
    }
}

/// Connection that counts as open until dropped.
// By a drop, so that the count is right however the task ends, aborted ones included.
pub(crate) struct OpenConnection<'a> {
    counters: &'a Counters,
    number: u64,
}

impl OpenConnection<'_> {
    /// Returns the number of the connection, from 0.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for OpenConnection<'_> {
    fn drop(&mut self) {
        self.counters.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Snapshot {
    /// Adds the values of another proxy.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.combine(other, u64::wrapping_add)
    }

    /// Returns the increase since an earlier snapshot; `open` is the current value.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self { open: self.open, ..self.combine(earlier, u64::saturating_sub) }
    }

    fn combine(self, other: Self, with: fn(u64, u64) -> u64) -> Self {
        Self {
            accepted: with(self.accepted, other.accepted),
            open: with(self.open, other.open),
            upstream_bytes: with(self.upstream_bytes, other.upstream_bytes),
            downstream_bytes: with(self.downstream_bytes, other.downstream_bytes),
            reset: with(self.reset, other.reset),
            cut: with(self.cut, other.cut),
            upstream_refused: with(self.upstream_refused, other.upstream_refused),
        }
    }
}
