//! What a proxy has seen and done; the evidence of a fault of its link is the difference of two snapshots.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::answer_times::{AnswerTimer, Turn};

/// Live counters.
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

/// What one connection counts.
#[derive(Debug)]
pub(super) struct Meter<'a> {
    counters: &'a Counters,
    turn: Turn,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Connections accepted since the start.
    pub accepted: u64,
    /// Connections open now.
    pub open: u64,
    /// Bytes passed on to the server.
    pub upstream_bytes: u64,
    /// Bytes passed on to clients.
    pub downstream_bytes: u64,
    /// Connections that were reset, by either side or by a toxic.
    pub reset: u64,
    /// Connections ended by disabling the proxy.
    pub cut: u64,
    /// Connections ended because the upstream did not take them.
    pub upstream_refused: u64,
}

impl<'a> Meter<'a> {
    pub(super) fn new(counters: &'a Counters) -> Self {
        Self { counters, turn: Turn::default() }
    }

    /// Bytes came from the client that toxics may hold yet.
    pub(super) fn came(&self, downstream: bool) {
        if !downstream {
            self.counters.answers.asked(&self.turn);
        }
    }

    /// Bytes were passed on.
    pub(super) fn add_bytes(&self, downstream: bool, bytes: usize) {
        if bytes == 0 {
            return;
        }
        self.counters.add_bytes(downstream, bytes);
        if downstream {
            self.counters.answers.answered(&self.turn);
        } else {
            self.counters.answers.asked(&self.turn);
        }
    }
}

impl Counters {
    /// The counters now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
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

    pub(crate) fn opened(&self) -> Open<'_> {
        let number = self.accepted.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        Open { counters: self, number }
    }

    fn add_bytes(&self, downstream: bool, bytes: usize) {
        let counter = if downstream { &self.downstream_bytes } else { &self.upstream_bytes };
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

/// Counts a connection as open until dropped.
pub(crate) struct Open<'a> {
    counters: &'a Counters,
    number: u64,
}

impl Open<'_> {
    /// The number of the connection, from 0.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.counters.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Snapshot {
    /// Two proxies taken as one.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.combine(other, u64::wrapping_add)
    }

    /// What came since an earlier snapshot; `open` is that of now.
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
