//! A toxic at work on one direction of one connection. A stage is a pure function of the bytes that came and of the time
//! that it is given: it knows neither sockets nor the clock.

use std::fmt::Debug;
use std::time::Instant;

use bytes::Bytes;
use rand_chacha::ChaCha8Rng;

use super::values::Values;

/// What flows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// Bytes, at least one.
    Data(Bytes),
    /// Whoever sends has said that no more comes.
    End,
    /// The connection is to be closed, both ways, once what came before has left.
    Close,
    /// The connection is to be reset, once what came before has left.
    Reset,
}

impl Item {
    /// Its bytes.
    #[must_use]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        match self {
            Self::Data(data) => data.len(),
            Self::End | Self::Close | Self::Reset => 0,
        }
    }
}

/// Where a stage takes its random numbers from: its own, of its connection and direction.
pub type Random = ChaCha8Rng;

/// With what a stage begins.
#[derive(Debug)]
pub struct Begin {
    /// The time.
    pub now: Instant,
    /// Its random numbers.
    pub random: Random,
}

/// One toxic at work on one direction of one connection.
pub trait Stage: Debug + Send {
    /// Whether it takes something more. If not, whoever sends is made to wait.
    fn has_room(&self) -> bool;

    /// Takes something; what a stage before this one has released also beyond its room.
    fn take(&mut self, item: Item, now: Instant);

    /// What leaves at this time, if anything.
    fn give(&mut self, now: Instant) -> Option<Item>;

    /// When there may be something to give, though nothing more comes.
    fn due(&self) -> Option<Instant>;

    /// Its attributes were changed.
    fn change(&mut self, values: &Values, now: Instant);

    /// It is taken away: what it still holds, in order.
    fn release(self: Box<Self>) -> Vec<Item>;

    /// Whether not even the news that the sender was reset passes.
    fn is_silent(&self) -> bool {
        false
    }

    /// What it has done since it was asked last: so many bytes delayed, dropped or changed; 0 where it acted on the
    /// connection, or only holds bytes until now. None if it has done nothing.
    fn effect(&mut self) -> Option<u64>;
}
