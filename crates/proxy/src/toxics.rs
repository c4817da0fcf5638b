//! The toxics of a proxy at one moment.

use std::sync::Arc;

use faultline_toxics::{Direction, Toxic};

/// In each direction, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub struct Toxics {
    /// On what clients send.
    pub upstream: Vec<Arc<Toxic>>,
    /// On what the server sends.
    pub downstream: Vec<Arc<Toxic>>,
}

impl Toxics {
    /// All, those upstream first.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Toxic>> {
        self.upstream.iter().chain(&self.downstream)
    }

    /// The one of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Arc<Toxic>> {
        self.all().find(|toxic| toxic.name == name)
    }

    /// Puts one behind the others of its direction.
    pub fn push(&mut self, toxic: Arc<Toxic>) {
        self.of(toxic.stream).push(toxic);
    }

    /// Puts one in the place of that with the same id.
    pub fn replace(&mut self, toxic: Arc<Toxic>) {
        let place = self.of(toxic.stream).iter_mut().find(|known| known.id() == toxic.id());
        if let Some(place) = place {
            *place = toxic;
        }
    }

    /// Takes one away.
    pub fn remove(&mut self, id: u64) {
        self.upstream.retain(|toxic| toxic.id() != id);
        self.downstream.retain(|toxic| toxic.id() != id);
    }

    fn of(&mut self, stream: Direction) -> &mut Vec<Arc<Toxic>> {
        match stream {
            Direction::Upstream => &mut self.upstream,
            Direction::Downstream => &mut self.downstream,
        }
    }
}
