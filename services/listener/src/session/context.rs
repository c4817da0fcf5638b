//! Context of all sessions, and the reasons why one ends.

use crate::buffer::CallLimits;
use crate::damaged::DamagedMessages;
use crate::logger::Logger;
use crate::message::Damage;
use crate::metrics::ListenerMetrics;
use crate::rabbit::{DeadFailure, NoAnswer};

/// Context of every session; it outlives each of them.
#[derive(Debug, Clone)]
pub(crate) struct SessionContext {
    pub(crate) logger: Logger,
    pub(crate) limits: CallLimits,
    pub(crate) calls: usize,
    pub(crate) acknowledges: bool,
    pub(crate) metrics: ListenerMetrics,
    pub(crate) damaged: DamagedMessages,
}

/// Reason why a session ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionEnd {
    #[error("{0}")]
    Rabbit(#[from] lapin::Error),
    #[error("{0}")]
    DeadLetter(#[from] DeadFailure),
    #[error("RabbitMQ has cancelled the consumer; was the queue deleted?")]
    Cancelled,
    /// Damage on the way. Whatever else came on this connection is not to be trusted either; all of it comes again on the next.
    #[error("message {tag} came damaged: {damage}")]
    Damaged { tag: u64, damage: Damage },
    /// RabbitMQ counts the tags of a channel up by one: a message was lost, or its tag is damaged.
    #[error("a message has the delivery tag {tag} where {next} comes next")]
    OutOfStep { tag: u64, next: u64 },
    #[error("{0}")]
    NoAnswer(#[from] NoAnswer),
}
