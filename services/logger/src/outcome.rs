//! Outcome of an entry.

use crate::moment::Moment;

/// Outcome of an entry; told to its caller and true whatever happens afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The store has confirmed it, now or earlier with the same content.
    Stored(Moment),
    /// Conflict: the id is in the store with other content.
    Conflict,
    /// Surely not stored.
    Refused(StoreRefusal),
    /// May or may not be stored.
    Unknown(String),
}

/// Reason why an entry was refused; in each case nothing was stored and it may be sent again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoreRefusal {
    #[error("overloaded: queue full; try again later")]
    QueueFull,
    #[error("the store is unavailable: {0}")]
    StoreDown(String),
    #[error("the deadline passed before the entry could be sent to the store")]
    TooLate,
    #[error("the logger is shutting down; another one may take the entry")]
    ShuttingDown,
    #[error("the store refused the entry: {0}")]
    ByStore(String),
}

impl Outcome {
    /// The name of its kind, for metrics.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Stored(_) => "stored",
            Self::Conflict => "conflict",
            Self::Refused(_) => "refused",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// Message about an id that is taken.
pub(crate) fn conflict_message(id: &str) -> String {
    format!("the id \"{id}\" is stored with another name or data; give a new entry an id of its own")
}

/// Outcome of an entry whose deadline passed after it was sent.
pub(crate) fn unknown_by_deadline() -> Outcome {
    Outcome::Unknown(
        "the deadline passed before the store answered; whether the entry is stored is unknown, ask again \
         with the same id"
            .to_owned(),
    )
}
