//! The toxics of one direction of one connection, one behind the other. Nothing here knows of sockets or of the clock:
//! a chain is told what comes and what time it is, and says what leaves and when it is to be asked again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use rand::{RngExt, SeedableRng};

use super::spec::Acts;
use super::stage::{Begin, Item, Random, Stage};
use super::toxic::Toxic;

/// Who the connection is, for whatever is random on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lot {
    /// The number of the connection.
    pub connection: u64,
    /// Whether it is the direction back to the client.
    pub downstream: bool,
}

impl Lot {
    /// Random numbers that depend on the seed of a toxic, the connection and the direction, and on nothing else.
    fn random(self, toxic: &Toxic) -> Random {
        let mut random = Random::seed_from_u64(toxic.seed());
        random.set_stream(self.connection * 2 + u64::from(self.downstream));
        random
    }

    /// What decides whether a toxic acts here: from 0 to 1, less than its toxicity.
    pub fn draw(self, toxic: &Toxic) -> f64 {
        // From the far end of the same numbers, so that it has nothing to do with what the stage draws.
        let mut random = self.random(toxic);
        random.set_word_pos(1 << 60);
        random.random_range(0.0..1.0)
    }
}

/// A toxic of the chain.
#[derive(Debug)]
struct Slot {
    toxic: Arc<Toxic>,
    /// Drawn once: the toxic acts here if its toxicity is greater.
    lot: f64,
    /// At work, if it acts here.
    stage: Option<Box<dyn Stage>>,
    /// Whether it has done something to this connection.
    hit: bool,
}

impl Slot {
    fn new(toxic: Arc<Toxic>, who: Lot, now: Instant) -> Self {
        let lot = who.draw(&toxic);
        let mut slot = Self { toxic, lot, stage: None, hit: false };
        slot.begin(who, now);
        slot
    }

    /// Begins to act, if it is to act here.
    fn begin(&mut self, who: Lot, now: Instant) {
        if let (true, Acts::Stream(stage)) = (self.lot < self.toxic.toxicity, self.toxic.settings.spec().acts)
        {
            let random = who.random(&self.toxic);
            self.stage = Some(stage(self.toxic.settings.values(), Begin { now, random }));
        }
    }

    fn has_room(&self) -> bool {
        self.stage.as_ref().is_none_or(|stage| stage.has_room())
    }

    fn take(&mut self, item: Item, now: Instant) {
        if let Some(stage) = &mut self.stage {
            stage.take(item, now);
        }
        self.tell_effect();
    }

    fn give(&mut self, now: Instant) -> Option<Item> {
        let out = self.stage.as_mut()?.give(now);
        self.tell_effect();
        out
    }

    fn tell_effect(&mut self) {
        let effect = self.stage.as_mut().and_then(|stage| stage.effect());
        if let Some(bytes) = effect {
            self.toxic.effects().add(!self.hit, bytes);
            self.hit = true;
        }
    }
}

/// All toxics of a direction.
#[derive(Debug)]
pub struct Chain {
    who: Lot,
    slots: Vec<Slot>,
    /// What was released by a toxic that is gone, before anything that comes later.
    left: VecDeque<Item>,
}

impl Chain {
    /// Without toxics.
    pub fn new(who: Lot) -> Self {
        Self { who, slots: Vec::new(), left: VecDeque::new() }
    }

    /// Whether it does nothing and holds nothing, so that bytes may pass beside it.
    pub fn is_idle(&self) -> bool {
        self.left.is_empty() && self.slots.iter().all(|slot| slot.stage.is_none())
    }

    /// Whether one of its stages is silent.
    pub fn is_silent(&self) -> bool {
        self.stages().any(Stage::is_silent)
    }

    /// Whether it takes something more.
    pub fn has_room(&self) -> bool {
        self.stages().next().map_or(self.left.is_empty(), |first| first.has_room())
    }

    /// Takes something.
    pub fn take(&mut self, item: Item, now: Instant) {
        self.enter(0, item, now);
    }

    /// What leaves at this time, if anything.
    pub fn give(&mut self, now: Instant) -> Option<Item> {
        if let Some(item) = self.left.pop_front() {
            return Some(item);
        }
        loop {
            let mut moved = false;
            // From the last to the first, so that each finds room behind it.
            for place in (0..self.slots.len()).rev() {
                let next = self.after(place);
                if next.is_some_and(|next| !self.slots[next].has_room()) {
                    continue;
                }
                match (self.slots[place].give(now), next) {
                    (None, _) => {}
                    // A reset waits for nobody.
                    (Some(Item::Reset), _) => return Some(Item::Reset),
                    (Some(item), Some(next)) => {
                        self.slots[next].take(item, now);
                        moved = true;
                    }
                    (Some(item), None) => return Some(item),
                }
            }
            if !moved {
                return None;
            }
        }
    }

    /// When there may be something to give, though nothing more comes.
    pub fn due(&self) -> Option<Instant> {
        let waits = |place: &usize| self.after(*place).is_none_or(|next| self.slots[next].has_room());
        let due = |place: usize| self.slots[place].stage.as_ref()?.due();
        (0..self.slots.len()).filter(waits).filter_map(due).min()
    }

    /// Makes the toxics these, in this order; those that stay keep what they hold, and their draw.
    pub fn apply(&mut self, toxics: &[Arc<Toxic>], now: Instant) {
        for place in (0..self.slots.len()).rev() {
            if !toxics.iter().any(|toxic| toxic.id() == self.slots[place].toxic.id()) {
                self.stop(place, now);
                self.slots.remove(place);
            }
        }
        for toxic in toxics {
            match self.slots.iter().position(|slot| slot.toxic.id() == toxic.id()) {
                Some(place) if Arc::ptr_eq(&self.slots[place].toxic, toxic) => {}
                Some(place) => self.change(place, toxic, now),
                None => self.slots.push(Slot::new(Arc::clone(toxic), self.who, now)),
            }
        }
    }

    fn change(&mut self, place: usize, toxic: &Arc<Toxic>, now: Instant) {
        let slot = &mut self.slots[place];
        slot.toxic = Arc::clone(toxic);
        match (&mut slot.stage, slot.lot < toxic.toxicity) {
            (Some(stage), true) => stage.change(toxic.settings.values(), now),
            (None, true) => slot.begin(self.who, now),
            (Some(_), false) => self.stop(place, now),
            (None, false) => {}
        }
    }

    /// Takes a stage away; what it holds goes on to the next.
    fn stop(&mut self, place: usize, now: Instant) {
        let Some(stage) = self.slots[place].stage.take() else { return };
        for item in stage.release() {
            self.enter(place, item, now);
        }
    }

    /// Lets something in at the first stage from this place on.
    fn enter(&mut self, place: usize, item: Item, now: Instant) {
        match self.slots[place..].iter_mut().find(|slot| slot.stage.is_some()) {
            Some(slot) => slot.take(item, now),
            None => self.left.push_back(item),
        }
    }

    fn stages(&self) -> impl Iterator<Item = &dyn Stage> {
        self.slots.iter().filter_map(|slot| slot.stage.as_deref())
    }

    /// The stage behind a place.
    fn after(&self, place: usize) -> Option<usize> {
        (place + 1..self.slots.len()).find(|next| self.slots[*next].stage.is_some())
    }
}
