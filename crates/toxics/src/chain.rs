//! The toxics of one direction of one connection, in sequence. Nothing here knows sockets or the clock: a chain is given
//! what arrived and the time, and returns what leaves and when to ask again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use rand::{RngExt, SeedableRng};

use super::spec::Action;
use super::stage::{Random, Start, StreamItem, ToxicStage};
use super::toxic::{Direction, Toxic};

/// Identity of one direction of a connection, on which everything random depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionId {
    /// Number of the connection among those of its proxy, from 0.
    pub number: u64,
    /// Direction of the bytes.
    pub direction: Direction,
}

impl ConnectionId {
    /// Returns random numbers that depend on the seed of a toxic, the connection and the direction only.
    fn random(self, toxic: &Toxic) -> Random {
        // Neither edits of other toxics nor the order of events may change them: one seed repeats a run.
        let mut random = Random::seed_from_u64(toxic.seed());
        // A fault in both directions is two toxics with one seed, so each direction has numbers of its own.
        random.set_stream(self.number * 2 + u64::from(self.direction == Direction::Downstream));
        random
    }

    /// Draws a number from 0 to 1; the toxic affects the connection if the number is below its toxicity.
    pub fn draw(self, toxic: &Toxic) -> f64 {
        // From the far end of the same sequence, so that the draw is independent of what the stage draws.
        let mut random = self.random(toxic);
        random.set_word_pos(1 << 60);
        random.random_range(0.0..1.0)
    }
}

/// Toxic of the chain.
#[derive(Debug)]
struct Slot {
    toxic: Arc<Toxic>,
    /// Result of the only draw.
    // Toxiproxy draws again at every edit, even of another toxic, and connections change sides in mid-test.
    draw: f64,
    /// Stage of the toxic; none if the toxic does not affect this connection.
    stage: Option<Box<dyn ToxicStage>>,
    /// True once the connection counts among the effects of the toxic.
    counted: bool,
}

impl Slot {
    fn new(toxic: Arc<Toxic>, id: ConnectionId, now: Instant) -> Self {
        let draw = id.draw(&toxic);
        let mut slot = Self { toxic, draw, stage: None, counted: false };
        slot.start(id, now);
        slot
    }

    /// Starts the stage, if the toxic affects this connection.
    fn start(&mut self, id: ConnectionId, now: Instant) {
        // A kind that takes effect on arrival has no stage: accepted connections may bypass the chain.
        if let (true, Action::Bytes(stage)) = (self.is_drawn(), self.toxic.settings.spec().action) {
            let random = id.random(&self.toxic);
            self.stage = Some(stage(self.toxic.settings.values(), Start { now, random }));
        }
    }

    fn is_drawn(&self) -> bool {
        // A draw is below 1, so a toxicity of 1 or more affects every connection, and one of 0 affects none.
        self.draw < self.toxic.toxicity
    }

    fn has_room(&self) -> bool {
        self.stage.as_ref().is_none_or(|stage| stage.has_room())
    }

    fn push(&mut self, item: StreamItem, now: Instant) {
        if let Some(stage) = &mut self.stage {
            stage.push(item, now);
        }
        // After a push too: what is held is an effect, although it may never leave.
        self.count_effect();
    }

    fn pop(&mut self, now: Instant) -> Option<StreamItem> {
        let item = self.stage.as_mut()?.pop(now);
        self.count_effect();
        item
    }

    fn count_effect(&mut self) {
        let effect = self.stage.as_mut().and_then(|stage| stage.effect());
        if let Some(bytes) = effect {
            // Once for all versions of the toxic: an update must not count the connection again.
            self.toxic.effects().add(!self.counted, bytes);
            self.counted = true;
        }
    }
}

/// Toxics of one direction of a connection, in sequence.
#[derive(Debug)]
pub struct ToxicChain {
    id: ConnectionId,
    slots: Vec<Slot>,
    /// Items that a removed toxic released.
    // They leave before anything that arrives later, so that no byte is reordered.
    released: VecDeque<StreamItem>,
}

impl ToxicChain {
    /// Makes a chain without toxics.
    pub fn new(id: ConnectionId) -> Self {
        Self { id, slots: Vec::new(), released: VecDeque::new() }
    }

    /// Returns true if the chain affects nothing and holds nothing, so that bytes may bypass it.
    pub fn is_idle(&self) -> bool {
        // A toxic that spares this connection has a slot and no stage, and must not slow it.
        self.released.is_empty() && self.slots.iter().all(|slot| slot.stage.is_none())
    }

    /// Returns true if not even a reset of the sender passes.
    pub fn is_silent(&self) -> bool {
        self.stages().any(ToxicStage::is_silent)
    }

    /// Returns true while the chain accepts another item.
    pub fn has_room(&self) -> bool {
        // Without a stage, items go to `released`, which must not grow while the receiver does not keep up.
        self.stages().next().map_or(self.released.is_empty(), |first| first.has_room())
    }

    /// Accepts an item.
    pub fn push(&mut self, item: StreamItem, now: Instant) {
        self.push_from(0, item, now);
    }

    /// Returns the next item that leaves at `now`, if any.
    pub fn pop(&mut self, now: Instant) -> Option<StreamItem> {
        if let Some(item) = self.released.pop_front() {
            return Some(item);
        }
        loop {
            let mut moved = false;
            // From the last to the first, so that each stage finds room behind it.
            for place in (0..self.slots.len()).rev() {
                // Room first: an item that a stage has returned cannot be put back.
                let next = self.next_stage(place);
                if next.is_some_and(|next| !self.slots[next].has_room()) {
                    continue;
                }
                match (self.slots[place].pop(now), next) {
                    (None, _) => {}
                    // A reset discards what the stages behind hold, so it does not wait in them, only for room like any
                    // item. Behind a pulled cable it does not arrive at all.
                    (Some(StreamItem::Reset), _) if !self.is_silent_behind(place) => {
                        return Some(StreamItem::Reset);
                    }
                    (Some(item), Some(next)) => {
                        self.slots[next].push(item, now);
                        moved = true;
                    }
                    (Some(item), None) => return Some(item),
                }
            }
            // Another round, since what moved on may have made room for the stage before it.
            if !moved {
                return None;
            }
        }
    }

    /// Returns the moment at which an item may leave although none arrives; none while there is no such moment.
    pub fn due(&self) -> Option<Instant> {
        // A stage whose next has no room has to wait for it, not for the time.
        let may_move = |place: &usize| self.next_stage(*place).is_none_or(|next| self.slots[next].has_room());
        // What was released has no moment: `pop` returns it before anything else.
        let due = |place: usize| self.slots[place].stage.as_ref()?.due();
        (0..self.slots.len()).filter(may_move).filter_map(due).min()
    }

    /// Replaces the toxics by these, in this order. Those that stay keep their draw and the items that they hold.
    pub fn apply(&mut self, toxics: &[Arc<Toxic>], now: Instant) {
        // Removed toxics first, from the last on: each releases its items to stages that stay.
        for place in (0..self.slots.len()).rev() {
            if !toxics.iter().any(|toxic| toxic.id() == self.slots[place].toxic.id()) {
                self.stop(place, now);
                self.slots.remove(place);
            }
        }
        for toxic in toxics {
            // An update keeps the id and makes another toxic, so a changed one has another pointer.
            match self.slots.iter().position(|slot| slot.toxic.id() == toxic.id()) {
                Some(place) if Arc::ptr_eq(&self.slots[place].toxic, toxic) => {}
                Some(place) => self.change(place, toxic, now),
                // At the end, where it belongs: a proxy adds a toxic behind the others of its direction only.
                None => self.slots.push(Slot::new(Arc::clone(toxic), self.id, now)),
            }
        }
    }

    fn change(&mut self, place: usize, toxic: &Arc<Toxic>, now: Instant) {
        let slot = &mut self.slots[place];
        slot.toxic = Arc::clone(toxic);
        // The draw stays: a higher toxicity only adds affected connections, a lower one only removes some.
        let is_drawn = slot.is_drawn();
        match (&mut slot.stage, is_drawn) {
            (Some(stage), true) => stage.change(toxic.settings.values(), now),
            (None, true) => slot.start(self.id, now),
            (Some(_), false) => self.stop(place, now),
            (None, false) => {}
        }
    }

    /// Ends a stage; the items that it holds go on to the next.
    fn stop(&mut self, place: usize, now: Instant) {
        let Some(stage) = self.slots[place].stage.take() else { return };
        // The stage is out of its slot, so the search from this place finds the next one.
        for item in stage.release() {
            self.push_from(place, item, now);
        }
    }

    /// Passes an item to the first stage from this place on.
    fn push_from(&mut self, place: usize, item: StreamItem, now: Instant) {
        match self.slots[place..].iter_mut().find(|slot| slot.stage.is_some()) {
            Some(slot) => slot.push(item, now),
            None => self.released.push_back(item),
        }
    }

    fn is_silent_behind(&self, place: usize) -> bool {
        self.slots[place + 1..].iter().any(|slot| slot.stage.as_ref().is_some_and(|stage| stage.is_silent()))
    }

    fn stages(&self) -> impl Iterator<Item = &dyn ToxicStage> {
        self.slots.iter().filter_map(|slot| slot.stage.as_deref())
    }

    /// Returns the place of the stage behind this one.
    fn next_stage(&self, place: usize) -> Option<usize> {
        (place + 1..self.slots.len()).find(|next| self.slots[*next].stage.is_some())
    }
}

#[cfg(test)]
mod tests;
