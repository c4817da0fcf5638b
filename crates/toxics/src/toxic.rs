//! A toxic of a proxy: kind, values and effects.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::admission::{Admission, NewConnection};
use super::settings::ToxicSettings;
use super::spec::Action;

/// Direction of a connection; `stream` in Toxiproxy's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Client to server.
    Upstream,
    /// Server to client.
    Downstream,
}

impl Direction {
    /// Returns Toxiproxy's name of the direction.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Upstream => "upstream",
            Self::Downstream => "downstream",
        }
    }
}

/// Toxic of a proxy. It is immutable: an update makes another toxic with the same [`Toxic::id`].
// Connections compare the pointers to see which of their toxics have changed.
#[derive(Debug, Clone)]
pub struct Toxic {
    id: u64,
    seed: u64,
    /// Name, unique within the proxy.
    pub name: String,
    /// Direction of the bytes that the toxic affects.
    pub direction: Direction,
    /// Direction as the client wrote it.
    // Toxiproxy echoes `UPSTREAM` in capitals, and makes names of it.
    pub direction_text: String,
    /// Share of connections that the toxic affects, 0 to 1.
    // Any number, as Toxiproxy accepts it; above 1 is as 1.
    pub toxicity: f64,
    /// Kind, with values for its attributes.
    pub settings: ToxicSettings,
    effects: Arc<Effects>,
}

impl Toxic {
    /// Makes a toxic. `id` is unique within the proxy; `seed` decides everything random.
    #[must_use]
    pub fn new(id: u64, seed: u64, new: NewToxic) -> Self {
        // The caller has decided the seed: a request may have none, and then the proxy derives it.
        let NewToxic { name, direction, direction_text, toxicity, settings, seed: _ } = new;
        let direction_text = direction_text.unwrap_or_else(|| direction.name().to_owned());
        Self { id, seed, name, direction, direction_text, toxicity, settings, effects: Arc::default() }
    }

    /// Returns the id, which updates keep.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Returns the seed. With a connection and its direction it decides everything random.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Decides whether a new connection is accepted, and counts the connection if that has an effect. Only for
    /// connections that the toxicity has drawn. `open` counts the open connections, the new one included.
    #[must_use]
    pub fn admit(&self, open: u64) -> Admission {
        let Action::Arrival(decide) = self.settings.spec().action else { return Admission::Pass };
        // Each drawn connection counts, whatever is decided: `fail_first` goes by those before this one. It promises a
        // number of resets, so connections that the toxicity spares must not use it up.
        let admission =
            decide(self.settings.values(), NewConnection { before: self.effects.add_arrival(), open });
        if admission != Admission::Pass {
            self.effects.add(true, 0);
        }
        admission
    }

    /// Returns the effects until now.
    #[must_use]
    pub fn effects(&self) -> &Effects {
        &self.effects
    }
}

/// Request for a toxic.
#[derive(Debug, Clone)]
pub struct NewToxic {
    /// Name, unique within the proxy.
    pub name: String,
    /// Direction of the bytes that the toxic affects.
    pub direction: Direction,
    /// Direction as the API shows it; its name if none.
    pub direction_text: Option<String>,
    /// Share of connections that the toxic affects, 0 to 1.
    pub toxicity: f64,
    /// Kind, with values for its attributes.
    pub settings: ToxicSettings,
    /// Seed of everything random; derived from the proxy's seed if none.
    pub seed: Option<u64>,
}

/// Effects of a toxic until now, shared by all its versions.
// Shared, so that the evidence of a fault survives an update.
#[derive(Debug, Default)]
pub struct Effects {
    connections: AtomicU64,
    bytes: AtomicU64,
    /// New connections since the toxic was added that its toxicity has drawn.
    arrivals: AtomicU64,
}

impl Effects {
    /// Returns the number of affected connections; one counts twice if both directions are affected.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Returns the number of bytes that were delayed, dropped or changed.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, new_connection: bool, bytes: u64) {
        // Relaxed, since each counter stands alone and no other memory is published by it.
        self.connections.fetch_add(u64::from(new_connection), Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts a new connection that was drawn, and returns the number of those before it.
    pub(crate) fn add_arrival(&self) -> u64 {
        // One operation, so that of two connections at once only one finds none before it.
        self.arrivals.fetch_add(1, Ordering::Relaxed)
    }
}
