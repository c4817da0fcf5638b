//! A message to be published, and what its sender is answered.

use chassis::admission::Slot;
use chassis::claim::Claim;

use super::message::Publication;

/// A message to be published, with the claim of its sender.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) publication: Publication,
    pub(super) claim: Claim<PublishOutcome>,
    pub(super) slot: Slot,
}

/// Outcome of a publication, for its sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PublishOutcome {
    /// RabbitMQ has it, on disk on a majority of its nodes.
    Confirmed,
    /// RabbitMQ said that it has not.
    Refused(String),
    /// Never sent.
    NotSent(String),
    /// Unknown: it may have been taken.
    Unknown(String),
}
