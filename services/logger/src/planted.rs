//! Bugs for proving the harness's checkers; only with the feature `planted-bugs`, only in `logger-planted`.

/// A bug of the logger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlantedBug {
    /// STORED is answered as soon as an entry is queued.
    AnswersBeforeCommit,
    /// Documents get an id of their own, so that a repeat of an entry is stored again.
    WritesWithoutUniqueId,
}

impl PlantedBug {
    /// The bug of that name; `None` for a name of another service's.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "logger-answers-before-commit" => Some(Self::AnswersBeforeCommit),
            "logger-writes-without-unique-id" => Some(Self::WritesWithoutUniqueId),
            _ => None,
        }
    }
}
