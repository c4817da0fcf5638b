//! What to do with a message after a call.

use tonic::{Code, Status};
use wire::grpc::{LogResponse, LogResult, Outcome};

/// What to do with a message after a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Its entry is stored: acknowledge it.
    Stored,
    /// Its entry can never be stored: to the dead letters, for this reason.
    Never(String),
    /// Not stored, or unknown: bring it again.
    Again(String),
    /// The call was too large: bring it again in a smaller one.
    Smaller(String),
}

impl Verdict {
    /// The same for all: bring them again.
    pub(crate) fn again(count: usize, reason: &str) -> Vec<Self> {
        vec![Self::Again(reason.to_owned()); count]
    }

    /// Of an answered batch. An answer that does not fit is no answer.
    pub(crate) fn of_batch(results: Vec<LogResult>, count: usize) -> Vec<Self> {
        if results.len() != count {
            return Self::again(count, &format!("{} results for {count} entries", results.len()));
        }
        results.into_iter().map(Self::of_result).collect()
    }

    fn of_result(result: LogResult) -> Self {
        match result.outcome() {
            Outcome::Stored => Self::Stored,
            Outcome::Conflict | Outcome::Invalid => Self::Never(result.message),
            Outcome::Refused | Outcome::Unknown | Outcome::Unspecified => Self::Again(result.message),
        }
    }

    /// Of a batch that failed as a whole. Only the size of a call is a reason to refuse it whatever it holds.
    pub(crate) fn of_failed_batch(status: &Status, count: usize) -> Vec<Self> {
        let reason = short(status);
        match status.code() {
            Code::InvalidArgument | Code::OutOfRange if count > 1 => vec![Self::Smaller(reason); count],
            Code::InvalidArgument | Code::OutOfRange => vec![Self::Never(reason); count],
            _ => Self::again(count, &reason),
        }
    }

    /// Of an answer to a single entry.
    pub(crate) fn of_single(response: &LogResponse) -> Self {
        if response.error { Self::Again(response.message.clone()) } else { Self::Stored }
    }

    /// Of a single entry whose call failed.
    pub(crate) fn of_failed_single(status: &Status) -> Self {
        let reason = short(status);
        match status.code() {
            Code::InvalidArgument | Code::AlreadyExists => Self::Never(reason),
            _ => Self::Again(reason),
        }
    }
}

/// A status in one short line.
pub(super) fn short(status: &Status) -> String {
    let text: String = status.message().chars().take(200).collect();
    format!("{:?}: {text}", status.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(outcome: Outcome) -> LogResult {
        LogResult { outcome: outcome.into(), ..LogResult::default() }
    }

    #[test]
    fn only_stored_is_taken_for_stored() {
        for outcome in [Outcome::Unspecified, Outcome::Refused, Outcome::Unknown] {
            assert!(matches!(Verdict::of_result(result(outcome)), Verdict::Again(_)));
        }
        assert_eq!(Verdict::of_result(result(Outcome::Stored)), Verdict::Stored);
        let unheard_of = LogResult { outcome: 99, ..LogResult::default() };
        assert!(matches!(Verdict::of_result(unheard_of), Verdict::Again(_)));
    }

    #[test]
    fn an_answer_of_another_length_is_no_answer() {
        let verdicts = Verdict::of_batch(vec![result(Outcome::Stored)], 2);
        assert!(verdicts.len() == 2 && verdicts.iter().all(|v| matches!(v, Verdict::Again(_))));
    }

    #[test]
    fn a_call_that_is_too_large_is_made_smaller_until_it_is_one_entry() {
        let status = Status::out_of_range("too large");
        assert!(matches!(Verdict::of_failed_batch(&status, 2)[0], Verdict::Smaller(_)));
        assert!(matches!(Verdict::of_failed_batch(&status, 1)[0], Verdict::Never(_)));
    }
}
