//! The toxics of a proxy at one moment.

use std::sync::Arc;

use faultline_toxics::{Direction, Toxic};

/// Toxics of a proxy, in each direction in the order in which they were added.
#[derive(Debug, Clone, Default)]
pub struct Toxics {
    /// Toxics for the bytes of clients.
    pub upstream: Vec<Arc<Toxic>>,
    /// Toxics for the bytes of the server.
    pub downstream: Vec<Arc<Toxic>>,
}

impl Toxics {
    /// Lists all toxics, those upstream first, as Toxiproxy does.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Toxic>> {
        self.upstream.iter().chain(&self.downstream)
    }

    /// Returns the toxic of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Arc<Toxic>> {
        self.all().find(|toxic| toxic.name == name)
    }

    /// Adds a toxic behind the others of its direction.
    pub fn push(&mut self, toxic: Arc<Toxic>) {
        self.in_direction(toxic.direction).push(toxic);
    }

    /// Replaces the toxic with the same id.
    pub fn replace(&mut self, toxic: Arc<Toxic>) {
        let known = self.in_direction(toxic.direction).iter_mut().find(|known| known.id() == toxic.id());
        if let Some(known) = known {
            *known = toxic;
        }
    }

    /// Removes the toxic of this id.
    pub fn remove(&mut self, id: u64) {
        // An id is unique over both directions, so that the other list stays as it is.
        self.upstream.retain(|toxic| toxic.id() != id);
        self.downstream.retain(|toxic| toxic.id() != id);
    }

    fn in_direction(&mut self, direction: Direction) -> &mut Vec<Arc<Toxic>> {
        match direction {
            Direction::Upstream => &mut self.upstream,
            Direction::Downstream => &mut self.downstream,
        }
    }
}
