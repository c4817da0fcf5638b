//! A toxic of a proxy: its kind, its values, and what it has done.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::door::{Admission, Arrival};
use super::settings::Settings;
use super::spec::Acts;

/// A direction of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// From the client to the server.
    Upstream,
    /// From the server to the client.
    Downstream,
}

impl Direction {
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
    pub stream: Direction,
    /// That direction as it was asked for, in small letters or large.
    pub written_stream: String,
    /// On how large a share of the connections, from 0 to 1.
    pub toxicity: f64,
    /// Kind, with values for its attributes.
    pub settings: Settings,
    effects: Arc<Effects>,
}

impl Toxic {
    /// A toxic; `id` is of it alone among those of its proxy, and `seed` decides what is random.
    #[must_use]
    pub fn new(id: u64, seed: u64, wanted: NewToxic) -> Self {
        let NewToxic { name, stream, written_stream, toxicity, settings, seed: _ } = wanted;
        let written_stream = written_stream.unwrap_or_else(|| stream.name().to_owned());
        Self { id, seed, name, stream, written_stream, toxicity, settings, effects: Arc::default() }
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

    /// Asks the toxic whether a new connection may come in, and counts the connection if the toxic acts on it. `open`
    /// counts the open connections, the new one included.
    #[must_use]
    pub fn admit(&self, open: u64) -> Admission {
        let Acts::Door(decide) = self.settings.spec().acts else { return Admission::Pass };
        let admission = decide(self.settings.values(), Arrival { before: self.effects.came(), open });
        if admission != Admission::Pass {
            self.effects.add(true, 0);
        }
        admission
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
    pub stream: Direction,
    /// That direction as it is to be shown; its name, if none.
    pub written_stream: Option<String>,
    /// On how large a share of the connections.
    pub toxicity: f64,
    /// Kind, with values for its attributes.
    pub settings: Settings,
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
