//! What can be done to the connections of a proxy: one file for each kind, with Toxiproxy's names, attributes and
//! defaults where that has it.
//!
//! | kinds | when they act |
//! | --- | --- |
//! | [`latency`], [`bandwidth`], [`slow_close`], [`timeout`], [`reset_peer`], [`slicer`], [`limit_data`], [`noop`] | on what flows, as Toxiproxy's |
//! | [`corrupt`], [`half_open`], [`close_after`] | on what flows |
//! | [`refuse`], [`fail_first`], [`slow_handshake`], [`max_connections`] | when a connection comes |

mod bandwidth;
mod close_after;
mod corrupt;
pub(crate) mod door;
mod fail_first;
mod half_open;
mod latency;
mod limit_data;
mod max_connections;
mod noop;
mod queue;
mod refuse;
mod reset_peer;
mod slicer;
mod slow_close;
mod slow_handshake;
pub mod spec;
mod timeout;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub use half_open::SPEC as HALF_OPEN;
pub use latency::SPEC as LATENCY;
pub use noop::SPEC as NOOP;
pub use spec::{Acts, Attribute, BadValue, Spec, Values};

/// All kinds; Toxiproxy's first.
pub static KINDS: [&Spec; 15] = [
    &latency::SPEC,
    &bandwidth::SPEC,
    &slow_close::SPEC,
    &timeout::SPEC,
    &reset_peer::SPEC,
    &slicer::SPEC,
    &limit_data::SPEC,
    &noop::SPEC,
    &corrupt::SPEC,
    &half_open::SPEC,
    &close_after::SPEC,
    &refuse::SPEC,
    &fail_first::SPEC,
    &slow_handshake::SPEC,
    &max_connections::SPEC,
];

/// The kind of this name.
#[must_use]
pub fn kind(name: &str) -> Option<&'static Spec> {
    KINDS.into_iter().find(|spec| spec.name == name)
}

/// A direction of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    /// From the client to the server.
    Upstream,
    /// From the server to the client.
    Downstream,
}

impl Stream {
    /// Its name, as Toxiproxy has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Upstream => "upstream",
            Self::Downstream => "downstream",
        }
    }
}

/// A toxic of a proxy. It never changes; an update makes another of the same [`Toxic::id`].
#[derive(Debug, Clone)]
pub struct Toxic {
    id: u64,
    seed: u64,
    /// Its name, the only one of its proxy.
    pub name: String,
    /// On which direction it acts.
    pub stream: Stream,
    /// That direction as it was asked for, in small letters or large.
    pub written_stream: String,
    /// On how large a share of the connections, from 0 to 1.
    pub toxicity: f64,
    /// Its kind, and what it was given.
    pub values: Values,
    effects: Arc<Effects>,
}

impl Toxic {
    /// A toxic; `id` is of it alone among those of its proxy, and `seed` decides what is random.
    #[must_use]
    pub fn new(id: u64, seed: u64, wanted: NewToxic) -> Self {
        let NewToxic { name, stream, written_stream, toxicity, values, seed: _ } = wanted;
        let written_stream = written_stream.unwrap_or_else(|| stream.name().to_owned());
        Self { id, seed, name, stream, written_stream, toxicity, values, effects: Arc::default() }
    }

    /// What stays the same while it is updated.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// What decides, with the number of a connection and its direction, whatever is random.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// What it has done until now.
    #[must_use]
    pub fn effects(&self) -> &Effects {
        &self.effects
    }
}

/// What is wanted of a toxic.
#[derive(Debug, Clone)]
pub struct NewToxic {
    /// Its name.
    pub name: String,
    /// In which direction.
    pub stream: Stream,
    /// That direction as it is to be shown; its name, if none.
    pub written_stream: Option<String>,
    /// On how large a share of the connections.
    pub toxicity: f64,
    /// Its kind, and what it is given.
    pub values: Values,
    /// Decides what is random; without it the seed of the proxy does.
    pub seed: Option<u64>,
}

/// What a toxic has done until now.
#[derive(Debug, Default)]
pub struct Effects {
    connections: AtomicU64,
    bytes: AtomicU64,
    /// Connections that came while it was there.
    came: AtomicU64,
}

impl Effects {
    /// Connections that it has done something to, counted by direction.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Bytes that it has delayed, dropped or changed.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, new_connection: bool, bytes: u64) {
        self.connections.fetch_add(u64::from(new_connection), Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts a connection that came; how many came before.
    pub(crate) fn came(&self) -> u64 {
        self.came.fetch_add(1, Ordering::Relaxed)
    }
}

/// Longer than anyone waits, and short enough to be added to any moment.
const LONGEST: u64 = 10 * 365 * 24 * 3600 * 1000;

/// So many milliseconds from a moment on; ten years at the most, at once if negative.
pub(crate) fn later(from: Instant, millis: i64) -> Instant {
    from + span(millis)
}

/// So many milliseconds, within what can be waited.
pub(crate) fn span(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0).min(LONGEST))
}
