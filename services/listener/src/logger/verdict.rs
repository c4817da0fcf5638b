//! Verdict on a message after a call.

use logger_client::{NotStored, Report};

/// Verdict on a message after a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Acknowledge: the entry is stored.
    Stored,
    /// Publish to the dead letters, for this reason: the entry can never be stored.
    Never(String),
    /// Bring again: not stored, or unknown.
    Again(String),
}

impl From<Report> for Verdict {
    fn from(report: Report) -> Self {
        match report.stored {
            Ok(_) => Self::Stored,
            Err(NotStored::Conflict(reason) | NotStored::Invalid(reason)) => Self::Never(reason),
            Err(NotStored::Refused(reason) | NotStored::Unknown(reason)) => Self::Again(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use chassis::breaker::Conduct;
    use logger_client::Stored;

    use super::*;

    #[test]
    fn only_stored_is_acknowledged_and_what_may_be_is_brought_again() {
        let verdict = |stored| Verdict::from(Report { stored, conduct: Conduct::Answered, lost: false });
        let message = || "m".to_owned();
        assert_eq!(verdict(Ok(Stored { created_at: String::new(), by_id: true })), Verdict::Stored);
        assert_eq!(verdict(Err(NotStored::Conflict(message()))), Verdict::Never(message()));
        assert_eq!(verdict(Err(NotStored::Invalid(message()))), Verdict::Never(message()));
        assert_eq!(verdict(Err(NotStored::Refused(message()))), Verdict::Again(message()));
        assert_eq!(verdict(Err(NotStored::Unknown(message()))), Verdict::Again(message()));
    }
}
