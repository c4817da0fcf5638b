//! What the answer to a call means: stored, refused, or unknown.
//!
//! A client library answers UNAVAILABLE by itself when a connection breaks, whatever had been sent. So a
//! status proves nothing unless the logger says with it that nothing was stored, or there never was a
//! connection.

use std::error::Error;

use chassis::breaker::Conduct;
use chassis::deadline::{Deadline, Passed};
use http::StatusCode;
use tokio::time::Instant;
use tonic::{Code, Response, Status};
use wire::grpc::{LogEntry, LogRequest, LogResponse, LogResult, Outcome};
use wire::headers::{OUTCOME, REFUSED};

use crate::outcome::Failure;

/// What came of a call: an answer, a status, or nothing in time.
type Called<T> = Result<Result<Response<T>, Status>, Passed>;

/// The logger's conduct in a call that was sent at `sent` and told the deadline `told`.
pub(super) fn conduct<T>(answer: &Called<T>, sent: Instant, told: Deadline) -> Conduct {
    match answer {
        Ok(Ok(_)) => Conduct::Answered,
        Ok(Err(status)) if is_own_word(status) => Conduct::Answered,
        // The logger gives up a little before the deadline that it is told, and the client library at it. The library
        // has one code for that and for connections that break: only the time tells them apart.
        Ok(Err(status)) if status.code() != Code::DeadlineExceeded && !told.has_passed() => Conduct::Broken,
        Ok(Err(_)) | Err(Passed) => Conduct::Silent { sent: Some(sent) },
    }
}

/// Whether a status comes from the logger, not from the client library.
fn is_own_word(status: &Status) -> bool {
    let own = matches!(
        status.code(),
        Code::AlreadyExists
            | Code::InvalidArgument
            | Code::ResourceExhausted
            | Code::Unimplemented
            | Code::FailedPrecondition
    );
    own || status.metadata().contains_key(OUTCOME)
}

/// What the logger says it stored; an entry without an id comes from another implementation.
pub(super) fn stored(answer: Called<LogResponse>) -> Result<LogEntry, Failure> {
    match answer {
        Ok(Ok(response)) => match response.into_inner() {
            LogResponse { error: false, log_entry, .. } => Ok(log_entry.unwrap_or_default()),
            // Another implementation's way to fail, at whatever point it did.
            LogResponse { message, .. } => {
                Err(Failure::Unknown(format!("the logger answered with an error: {message}")))
            }
        },
        Ok(Err(status)) => Err(not_stored(&status)),
        Err(Passed) => Err(Failure::unknown(
            "the logger did not answer in time; whether the entry is stored is unknown, ask again with the \
             same Idempotency-Key",
        )),
    }
}

/// What is known of an entry whose call ended with an error.
pub(super) fn not_stored(status: &Status) -> Failure {
    let message = status.message();
    match status.code() {
        Code::AlreadyExists => Failure::mistake(StatusCode::CONFLICT, message),
        Code::InvalidArgument => Failure::mistake(StatusCode::BAD_REQUEST, message),
        Code::Unimplemented => Failure::refused(format!("the logger does not store entries: {message}")),
        _ if says_refused(status) => Failure::refused(message),
        _ if never_connected(status) => Failure::refused(format!("the logger can't be reached: {message}")),
        code => Failure::Unknown(format!("the logger did not answer ({code:?}): {message}")),
    }
}

/// What became of an entry that shared a call with others.
pub(super) fn of_result(result: LogResult, entry: LogRequest) -> Result<LogEntry, Failure> {
    let LogRequest { name, data, id, via, .. } = entry;
    match result.outcome() {
        Outcome::Stored => Ok(LogEntry { name, data, created_at: result.created_at, id, via }),
        Outcome::Conflict => Err(Failure::mistake(StatusCode::CONFLICT, result.message)),
        Outcome::Invalid => Err(Failure::mistake(StatusCode::BAD_REQUEST, result.message)),
        Outcome::Refused => Err(Failure::refused(result.message)),
        Outcome::Unknown | Outcome::Unspecified => Err(Failure::Unknown(result.message)),
    }
}

/// A question has no effect, so only its deadline is worth telling apart.
pub(super) fn unread(status: &Status) -> Failure {
    let message = status.message();
    match status.code() {
        Code::InvalidArgument | Code::NotFound => Failure::mistake(StatusCode::BAD_REQUEST, message),
        Code::Unimplemented => {
            Failure::mistake(StatusCode::NOT_IMPLEMENTED, "this logger's entries can't be read")
        }
        Code::DeadlineExceeded | Code::Cancelled => Failure::unknown("the logger did not answer in time"),
        _ => Failure::refused(format!("the entries can't be read now: {message}")),
    }
}

/// The logger's own word that nothing was stored.
fn says_refused(status: &Status) -> bool {
    status.metadata().get(OUTCOME).is_some_and(|outcome| outcome.as_bytes() == REFUSED.as_bytes())
}

/// Whether there never was a connection that the call could have gone over.
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tonic::metadata::MetadataValue;
    use tonic::transport::Endpoint;
    use wire::grpc::LogRequest;
    use wire::grpc::logger_service_client::LoggerServiceClient;

    use super::*;

    fn told(code: Code, outcome: Option<&'static str>) -> Failure {
        let mut status = Status::new(code, "m");
        if let Some(outcome) = outcome {
            status.metadata_mut().insert(OUTCOME, MetadataValue::from_static(outcome));
        }
        not_stored(&status)
    }

    #[test]
    fn only_the_loggers_own_word_is_a_refusal() {
        for code in [Code::Unavailable, Code::ResourceExhausted, Code::DeadlineExceeded] {
            assert!(matches!(told(code, Some("refused")), Failure::Refused { .. }), "{code:?}");
            assert!(matches!(told(code, Some("unknown")), Failure::Unknown(_)), "{code:?}");
            assert!(matches!(told(code, None), Failure::Unknown(_)), "{code:?}");
        }
    }

    #[test]
    fn mistakes_keep_their_meaning() {
        assert!(matches!(told(Code::AlreadyExists, None), Failure::Mistake { status, .. } if status == 409));
        assert!(
            matches!(told(Code::InvalidArgument, None), Failure::Mistake { status, .. } if status == 400)
        );
    }

    #[test]
    fn only_stored_is_taken_for_stored() {
        let of = |outcome: i32| {
            let result = LogResult { outcome, message: "m".to_owned(), created_at: "now".to_owned() };
            of_result(result, LogRequest { id: "i".to_owned(), ..LogRequest::default() })
        };
        assert_eq!(of(Outcome::Stored.into()).unwrap().created_at, "now");
        for (outcome, status) in [(Outcome::Conflict, 409), (Outcome::Invalid, 400)] {
            assert!(
                matches!(of(outcome.into()), Err(Failure::Mistake { status: told, .. }) if told == status)
            );
        }
        assert!(matches!(of(Outcome::Refused.into()), Err(Failure::Refused { .. })));
        for outcome in [Outcome::Unknown.into(), Outcome::Unspecified.into(), 99] {
            assert!(matches!(of(outcome), Err(Failure::Unknown(_))));
        }
    }

    #[test]
    fn an_answer_with_an_error_in_it_is_not_stored() {
        let response = LogResponse { error: true, message: "m".to_owned(), log_entry: None };
        assert!(matches!(stored(Ok(Ok(Response::new(response)))), Err(Failure::Unknown(_))));
        let foreign = LogResponse { error: false, message: "m".to_owned(), log_entry: None };
        assert_eq!(stored(Ok(Ok(Response::new(foreign)))).unwrap().id, "");
    }

    #[tokio::test]
    async fn a_logger_that_nobody_listens_for_is_surely_not_reached() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", free.local_addr().unwrap());
        drop(free);
        let channel = Endpoint::from_shared(url).unwrap().connect_lazy();
        let status = LoggerServiceClient::new(channel).log_activity(LogRequest::default()).await.unwrap_err();
        assert!(matches!(not_stored(&status), Failure::Refused { .. }), "{status:?}");
    }

    #[test]
    fn a_deadline_is_told_from_a_connection_that_breaks() {
        let (sent, passed) = (Instant::now(), Deadline::after(Duration::ZERO));
        let left = Deadline::after(Duration::from_secs(60));
        let conduct = |code, told| conduct::<()>(&Ok(Err(Status::new(code, "m"))), sent, told);
        let silent = Conduct::Silent { sent: Some(sent) };
        assert_eq!(conduct(Code::DeadlineExceeded, left), silent);
        assert_eq!(conduct(Code::Cancelled, passed), silent);
        assert_eq!(conduct(Code::Cancelled, left), Conduct::Broken);
        assert_eq!(conduct(Code::Unavailable, left), Conduct::Broken);
        assert_eq!(conduct(Code::InvalidArgument, passed), Conduct::Answered);
    }
}
