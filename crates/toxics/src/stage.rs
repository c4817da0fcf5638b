//! Stages: a toxic on one direction of one connection, as a pure function of the bytes that arrived and of the time that it
//! is given. A stage knows neither sockets nor the clock, so property tests can try any bytes at any times.

use std::fmt::Debug;
use std::time::Instant;

use bytes::Bytes;
use rand_chacha::ChaCha8Rng;

use super::values::Values;

/// Unit of the flow through a chain of toxics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamItem {
    /// Bytes, at least one.
    Data(Bytes),
    /// End of the data: the sender has closed its direction.
    // TCP closes each direction by itself: a sender that has closed its own may still wait for an answer.
    End,
    /// Order to close both directions of the connection after the items before it.
    Close,
    /// Order to reset the connection after the items before it.
    Reset,
}

impl StreamItem {
    /// Returns the number of bytes; 0 for everything but data.
    #[must_use]
    // An item without bytes is an order and not empty data, so `is_empty` would mislead.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        match self {
            Self::Data(data) => data.len(),
            Self::End | Self::Close | Self::Reset => 0,
        }
    }
}

/// Random numbers of one stage, independent of those of any other.
// ChaCha gives the same numbers on every machine and in every version, which `StdRng` does not promise.
// It has many independent sequences for one seed: one for each connection and direction.
pub type Random = ChaCha8Rng;

/// Inputs with which a stage starts.
#[derive(Debug)]
pub struct Start {
    /// Current time.
    pub now: Instant,
    /// Random numbers of the stage.
    pub random: Random,
}

/// Toxic on one direction of one connection.
// `Send`, since the task of a connection moves between the threads of a runtime.
pub trait ToxicStage: Debug + Send {
    /// Returns true while the stage accepts another item. Otherwise the sender waits.
    fn has_room(&self) -> bool;

    /// Accepts an item. Items that a removed stage released come even when there is no room.
    // They cannot wait: the stage that held them is gone.
    fn push(&mut self, item: StreamItem, now: Instant);

    /// Returns the next item that leaves at `now`, if any.
    fn pop(&mut self, now: Instant) -> Option<StreamItem>;

    /// Returns the moment at which an item may leave although none arrives; none while there is no such moment.
    // A moment that stays in the past while nothing leaves would make the caller ask again without a pause.
    fn due(&self) -> Option<Instant>;

    /// Applies changed attributes.
    fn change(&mut self, values: &Values, now: Instant);

    /// Ends the stage and returns the items that it holds, in order.
    // By the box, since the chain knows its stages only as trait objects.
    fn release(self: Box<Self>) -> Vec<StreamItem>;

    /// Returns true if not even a reset of the sender passes.
    fn is_silent(&self) -> bool {
        false
    }

    /// Returns the bytes that the stage delayed, dropped or changed since the last call. 0 means an effect on the
    /// connection, or bytes that are only held so far; none means no effect.
    // Taken and not read: the caller adds it to counters that both directions and all connections share.
    fn effect(&mut self) -> Option<u64>;
}
