//! Reports on calls: stored, refused, or unknown.

use std::error::Error;

use chassis::breaker::Conduct;
use chassis::deadline::{Deadline, Passed};
use tokio::time::Instant;
use tonic::{Code, Response, Status};
use wire::grpc::{LogEntry, LogResponse, LogResult, Outcome, ReadLogsResponse};
use wire::headers::{OUTCOME, REFUSED};

/// Answer to a call: a message, a status, or nothing in time.
type Answer<T> = Result<Result<Response<T>, Status>, Passed>;

/// End of an entry's call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Logger's word, or the reason why there is none.
    pub stored: Result<Stored, NotStored>,
    /// The logger's conduct in the call.
    pub conduct: Conduct,
    /// True if the connection is of no more use.
    pub lost: bool,
}

/// Logger's word on an entry that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// RFC 3339; empty from a logger of another implementation.
    pub created_at: String,
    /// True if the logger knows the entry by its id, so that a repeat is not stored again.
    pub by_id: bool,
}

/// Reason why an entry is not known to be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotStored {
    /// Conflict: the id is stored with other content.
    #[error("{0}")]
    Conflict(String),
    /// Mistake: it can never be stored as it is.
    #[error("{0}")]
    Invalid(String),
    /// Surely not stored; it may be sent again.
    #[error("{0}")]
    Refused(String),
    /// Unknown: it may or may not be stored.
    #[error("{0}")]
    Unknown(String),
}

/// End of a reading call.
#[derive(Debug)]
pub struct PageReport {
    /// The entries, the newest first, or why there are none.
    pub page: Result<Vec<LogEntry>, NotRead>,
    /// The logger's conduct in the call.
    pub conduct: Conduct,
}

/// Reason why no page was read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRead {
    /// The question can't be answered as it is.
    #[error("{0}")]
    Invalid(String),
    /// Unknown method: the logger is of another implementation.
    #[error("this logger's entries can't be read")]
    Unsupported,
    /// No answer in time.
    #[error("the logger did not answer in time")]
    TooLate,
    /// Refusal, or no connection.
    #[error("the entries can't be read now: {0}")]
    Refused(String),
}

impl Report {
    pub(crate) fn of_single(answer: Answer<LogResponse>, sent: Instant, told: Deadline) -> Self {
        match answer {
            Ok(Ok(response)) => Self::answered(match response.into_inner() {
                LogResponse { error: false, log_entry, .. } => {
                    let LogEntry { id, created_at, .. } = log_entry.unwrap_or_default();
                    Ok(Stored { created_at, by_id: !id.is_empty() })
                }
                // Another implementation's way to fail, at whatever point it did.
                LogResponse { message, .. } => {
                    Err(NotStored::Unknown(format!("the logger answered with an error: {message}")))
                }
            }),
            Ok(Err(status)) => Self::of_status(&status, sent, told),
            Err(Passed) => Self::too_late(Some(sent)),
        }
    }

    /// Reports of an answered batch.
    // An answer that does not fit says nothing of any entry.
    pub(crate) fn of_batch(results: Vec<LogResult>, count: usize) -> Vec<Self> {
        if results.len() != count {
            let unknown = format!("the logger answered with {} results for {count} entries", results.len());
            let stored = Err(NotStored::Unknown(unknown));
            return vec![Self { stored, conduct: Conduct::Broken, lost: false }; count];
        }
        results.into_iter().map(|result| Self::answered(of_result(result))).collect()
    }

    pub(crate) fn of_status(status: &Status, sent: Instant, told: Deadline) -> Self {
        // A status that the client library made itself has a cause.
        let lost = status.source().is_some();
        Self { stored: Err(not_stored(status)), conduct: conduct(status, sent, told), lost }
    }

    /// Report of an entry of which nothing was heard in time; `sent` is none if it never was.
    #[must_use]
    pub fn too_late(sent: Option<Instant>) -> Self {
        let stored = Err(if sent.is_some() { too_late() } else { never_sent() });
        Self { stored, conduct: Conduct::Silent { sent }, lost: false }
    }

    fn answered(stored: Result<Stored, NotStored>) -> Self {
        Self { stored, conduct: Conduct::Answered, lost: false }
    }
}

impl PageReport {
    pub(crate) fn of(answer: Answer<ReadLogsResponse>, sent: Instant, told: Deadline) -> Self {
        match answer {
            Ok(Ok(page)) => Self { page: Ok(page.into_inner().entries), conduct: Conduct::Answered },
            Ok(Err(status)) => Self { page: Err(not_read(&status)), conduct: conduct(&status, sent, told) },
            Err(Passed) => {
                Self { page: Err(NotRead::TooLate), conduct: Conduct::Silent { sent: Some(sent) } }
            }
        }
    }
}

/// Word on an entry whose call did not end in time.
#[must_use]
pub fn too_late() -> NotStored {
    NotStored::Unknown(
        "the logger did not answer in time; whether the entry is stored is unknown, ask again with the same \
         Idempotency-Key"
            .to_owned(),
    )
}

fn never_sent() -> NotStored {
    NotStored::Refused("no call to the logger was free in time; the entry is not stored".to_owned())
}

/// Logger's conduct in a call that was sent at `sent`, told the deadline `told`, and ended with a status.
fn conduct(status: &Status, sent: Instant, told: Deadline) -> Conduct {
    if is_own_word(status) {
        return Conduct::Answered;
    }
    // The logger gives up a little before the deadline that it is told, and the client library at it. The library has
    // one code for that and for connections that break: only the time tells them apart.
    if status.code() == Code::DeadlineExceeded || told.has_passed() {
        return Conduct::Silent { sent: Some(sent) };
    }
    Conduct::Broken
}

/// Reports whether a status comes from the logger, not from the client library.
fn is_own_word(status: &Status) -> bool {
    let own = matches!(
        status.code(),
        Code::AlreadyExists
            | Code::InvalidArgument
            | Code::OutOfRange
            | Code::ResourceExhausted
            | Code::Unimplemented
            | Code::FailedPrecondition
    );
    own || status.metadata().contains_key(OUTCOME)
}

fn of_result(result: LogResult) -> Result<Stored, NotStored> {
    match result.outcome() {
        Outcome::Stored => Ok(Stored { created_at: result.created_at, by_id: true }),
        Outcome::Conflict => Err(NotStored::Conflict(result.message)),
        Outcome::Invalid => Err(NotStored::Invalid(result.message)),
        Outcome::Refused => Err(NotStored::Refused(result.message)),
        Outcome::Unknown | Outcome::Unspecified => Err(NotStored::Unknown(result.message)),
    }
}

// A client library answers UNAVAILABLE by itself when a connection breaks, whatever had been sent. So a status proves
// nothing unless the logger says with it that nothing was stored, or there never was a connection.
fn not_stored(status: &Status) -> NotStored {
    let message = status.message();
    match status.code() {
        Code::AlreadyExists => NotStored::Conflict(message.to_owned()),
        // Out of range: the message is larger than the logger takes any.
        Code::InvalidArgument | Code::OutOfRange => NotStored::Invalid(message.to_owned()),
        Code::Unimplemented => NotStored::Refused(format!("the logger does not store entries: {message}")),
        _ if says_refused(status) => NotStored::Refused(message.to_owned()),
        _ if never_connected(status) => {
            NotStored::Refused(format!("the logger can't be reached: {}", short(status)))
        }
        _ => NotStored::Unknown(format!("the logger did not answer: {}", short(status))),
    }
}

/// A question has no effect, so only its deadline is worth telling apart.
fn not_read(status: &Status) -> NotRead {
    match status.code() {
        Code::InvalidArgument | Code::NotFound => NotRead::Invalid(status.message().to_owned()),
        Code::Unimplemented => NotRead::Unsupported,
        Code::DeadlineExceeded | Code::Cancelled => NotRead::TooLate,
        _ => NotRead::Refused(status.message().to_owned()),
    }
}

/// The logger's own word that nothing was stored.
fn says_refused(status: &Status) -> bool {
    status.metadata().get(OUTCOME).is_some_and(|outcome| outcome.as_bytes() == REFUSED.as_bytes())
}

/// Reports whether there never was a connection that the call could have gone over.
fn never_connected(status: &Status) -> bool {
    let mut cause = status.source();
    while let Some(error) = cause {
        if error.is::<tonic::ConnectError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// A status in one short line.
pub(crate) fn short(status: &Status) -> String {
    let text: String = status.message().chars().take(200).collect();
    format!("{:?}: {text}", status.code())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tonic::metadata::MetadataValue;
    use wire::grpc::LogRequest;

    use super::*;
    use crate::client::{Call, Client};

    fn result(outcome: i32) -> LogResult {
        LogResult { outcome, message: "m".to_owned(), created_at: "now".to_owned() }
    }

    fn of_code(code: Code, outcome: Option<&'static str>) -> NotStored {
        let mut status = Status::new(code, "m");
        if let Some(outcome) = outcome {
            status.metadata_mut().insert(OUTCOME, MetadataValue::from_static(outcome));
        }
        not_stored(&status)
    }

    #[test]
    fn only_the_loggers_own_word_is_a_refusal() {
        for code in [Code::Unavailable, Code::ResourceExhausted, Code::DeadlineExceeded] {
            assert!(matches!(of_code(code, Some("refused")), NotStored::Refused(_)), "{code:?}");
            assert!(matches!(of_code(code, Some("unknown")), NotStored::Unknown(_)), "{code:?}");
            assert!(matches!(of_code(code, None), NotStored::Unknown(_)), "{code:?}");
        }
    }

    #[test]
    fn mistakes_keep_their_meaning() {
        assert!(matches!(of_code(Code::AlreadyExists, None), NotStored::Conflict(_)));
        assert!(matches!(of_code(Code::InvalidArgument, None), NotStored::Invalid(_)));
        assert!(matches!(of_code(Code::OutOfRange, None), NotStored::Invalid(_)));
    }

    #[test]
    fn only_stored_is_taken_for_stored() {
        let stored = of_result(result(Outcome::Stored.into())).unwrap();
        assert!(stored.by_id && stored.created_at == "now");
        assert!(matches!(of_result(result(Outcome::Conflict.into())), Err(NotStored::Conflict(_))));
        assert!(matches!(of_result(result(Outcome::Invalid.into())), Err(NotStored::Invalid(_))));
        assert!(matches!(of_result(result(Outcome::Refused.into())), Err(NotStored::Refused(_))));
        for outcome in [Outcome::Unknown.into(), Outcome::Unspecified.into(), 99] {
            assert!(matches!(of_result(result(outcome)), Err(NotStored::Unknown(_))));
        }
    }

    #[test]
    fn an_answer_of_another_length_is_no_answer() {
        let reports = Report::of_batch(vec![result(Outcome::Stored.into())], 2);
        let unknown = |report: &Report| matches!(report.stored, Err(NotStored::Unknown(_)));
        assert!(reports.len() == 2 && reports.iter().all(unknown));
    }

    #[test]
    fn an_answer_with_an_error_in_it_is_not_stored() {
        let (sent, told) = (Instant::now(), Deadline::after(Duration::from_secs(60)));
        let stored = |error| {
            let response = LogResponse { error, message: "m".to_owned(), log_entry: None };
            Report::of_single(Ok(Ok(Response::new(response))), sent, told).stored
        };
        assert!(matches!(stored(true), Err(NotStored::Unknown(_))));
        assert_eq!(stored(false), Ok(Stored { created_at: String::new(), by_id: false }));
    }

    #[test]
    fn a_deadline_is_told_from_a_connection_that_breaks() {
        let (sent, passed) = (Instant::now(), Deadline::after(Duration::ZERO));
        let left = Deadline::after(Duration::from_secs(60));
        let conduct = |code, told| conduct(&Status::new(code, "m"), sent, told);
        let silent = Conduct::Silent { sent: Some(sent) };
        assert_eq!(conduct(Code::DeadlineExceeded, left), silent);
        assert_eq!(conduct(Code::Cancelled, passed), silent);
        assert_eq!(conduct(Code::Cancelled, left), Conduct::Broken);
        assert_eq!(conduct(Code::Unavailable, left), Conduct::Broken);
        assert_eq!(conduct(Code::InvalidArgument, passed), Conduct::Answered);
    }

    #[tokio::test]
    async fn a_logger_that_nobody_listens_for_is_surely_not_reached() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", free.local_addr().unwrap());
        drop(free);
        let later = Deadline::after(Duration::from_secs(60));
        let call = Call { wait: later, told: later, trace: None };
        let client = Client::lazy(&crate::endpoint(&url).unwrap());
        let report = client.store(LogRequest::default(), call).await;
        assert!(matches!(report.stored, Err(NotStored::Refused(_))), "{report:?}");
    }
}
