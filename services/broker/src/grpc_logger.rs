//! The logger by gRPC: storing, reading, and whether it is there.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chassis::deadline::{Deadline, Passed};
use chassis::gate::Gate;
use chassis::health::Dependency;
use http::StatusCode;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use wire::entry::{NewEntry, StoredEntry, Via};
use wire::grpc::logger_service_client::LoggerServiceClient;
use wire::grpc::{LogEntry, LogRequest, LogResponse, ReadLogsRequest};
use wire::headers::{OUTCOME, REFUSED, TRACEPARENT};
use wire::id::EntryId;
use wire::trace::TraceContext;

use crate::margin::{self, Hop};
use crate::outcome::Failure;

/// What `/readyz` notes of a logger that gives entries no id.
pub(crate) const WITHOUT_IDEMPOTENCY: &str =
    "the logger stores without idempotency: an entry that is sent twice is stored twice";

/// The largest page of entries that is read, in bytes.
const PAGE_LIMIT: usize = 64 * 1024 * 1024;

/// Time between two pings on a connection: a logger that hangs or a link that was cut is found out by them.
const PING: Duration = Duration::from_secs(1);

/// Time for the answer to a ping.
const PONG: Duration = Duration::from_secs(3);

/// The logger's gRPC; clones share its connections.
#[derive(Debug, Clone)]
pub(crate) struct GrpcLogger {
    channels: Arc<[Channel]>,
    next: Arc<AtomicUsize>,
    gate: Gate,
    reading: Gate,
    dependency: Dependency,
}

/// A URL that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("\"{given}\" must look like http://host:port: {source}")]
pub struct BadEndpoint {
    given: String,
    source: tonic::transport::Error,
}

/// Why the logger is not taken for there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotServing {
    /// No answer.
    #[error("the logger's gRPC does not answer: {}", .0.message())]
    Away(#[from] Status),
    /// Its own word.
    #[error("the logger's gRPC says that it is not serving")]
    SaysNo,
}

/// The gates of the two uses of the logger.
pub(crate) struct Gates {
    /// Of storing.
    pub(crate) storing: Gate,
    /// Of reading: a page is large, so fewer at once.
    pub(crate) reading: Gate,
}

impl GrpcLogger {
    /// The logger at `url`, on `connections` connections that are made when first used and again after each
    /// loss.
    pub(crate) fn new(
        url: &str,
        connections: usize,
        connect: Duration,
        gates: Gates,
        dependency: Dependency,
    ) -> Result<Self, BadEndpoint> {
        let endpoint = Endpoint::from_shared(url.to_owned())
            .map_err(|source| BadEndpoint { given: url.chars().take(80).collect(), source })?
            .connect_timeout(connect)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(PING)
            .keep_alive_timeout(PONG)
            .keep_alive_while_idle(true);
        let channels = (0..connections).map(|_| endpoint.connect_lazy()).collect();
        let Gates { storing, reading } = gates;
        Ok(Self { channels, next: Arc::default(), gate: storing, reading, dependency })
    }

    /// The gate in front of storing.
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The gate in front of reading.
    pub(crate) fn reading(&self) -> &Gate {
        &self.reading
    }

    /// Stores an entry; success means that it is stored.
    pub(crate) async fn store(
        &self,
        id: EntryId,
        entry: NewEntry,
        deadline: Deadline,
        trace: TraceContext,
    ) -> Result<StoredEntry, Failure> {
        let hop = margin::hop(deadline);
        let entered = self.gate.enter(hop.wait).await?;
        let message = LogRequest {
            name: entry.name.clone(),
            data: entry.data.clone(),
            id: id.as_str().to_owned(),
            via: Via::Grpc.as_str().to_owned(),
        };
        let request = request(message, hop, trace);
        let mut client = LoggerServiceClient::new(self.channel());
        let answer = hop.wait.bound(client.log_activity(request)).await;
        if answered(&answer) {
            entered.success()
        } else {
            entered.failure()
        }
        let told = stored(answer)?;
        if told.id.is_empty() {
            self.dependency.note(WITHOUT_IDEMPOTENCY);
        }
        let created_at = if told.created_at.is_empty() { now() } else { told.created_at };
        Ok(StoredEntry { id: id.into(), name: entry.name, data: entry.data, created_at, via: None })
    }

    /// Reads a page, the newest entries first.
    pub(crate) async fn read(
        &self,
        limit: u32,
        after: String,
        deadline: Deadline,
        trace: TraceContext,
    ) -> Result<Vec<StoredEntry>, Failure> {
        let hop = margin::hop(deadline);
        let entered = self.reading.enter(hop.wait).await?;
        let request = request(ReadLogsRequest { limit, after }, hop, trace);
        let mut client = LoggerServiceClient::new(self.channel()).max_decoding_message_size(PAGE_LIMIT);
        let answer = hop.wait.bound(client.read_logs(request)).await;
        if answered(&answer) {
            entered.success()
        } else {
            entered.failure()
        }
        match answer {
            Ok(Ok(page)) => Ok(page.into_inner().entries.into_iter().map(entry).collect()),
            Ok(Err(status)) => Err(unread(&status)),
            Err(Passed) => Err(Failure::unknown("the logger did not answer in time")),
        }
    }

    /// Asks the logger on each connection whether it serves. One that can't tell is taken at its silence.
    pub(crate) async fn look(&self) -> Result<(), NotServing> {
        for channel in self.channels.iter() {
            let question = HealthCheckRequest { service: String::new() };
            match HealthClient::new(channel.clone()).check(question).await {
                Ok(answer) if answer.get_ref().status() != ServingStatus::Serving => {
                    return Err(NotServing::SaysNo);
                }
                Err(status) if status.code() != Code::Unimplemented => return Err(status.into()),
                _ => {}
            }
        }
        Ok(())
    }

    fn channel(&self) -> Channel {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        self.channels[next % self.channels.len()].clone()
    }
}

/// Now, as an entry tells when it was made.
pub(crate) fn now() -> String {
    OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default()
}

fn request<T>(message: T, hop: Hop, trace: TraceContext) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(hop.told.remaining());
    if let Ok(value) = MetadataValue::try_from(trace.to_string()) {
        request.metadata_mut().insert(TRACEPARENT, value);
    }
    request
}

fn entry(entry: LogEntry) -> StoredEntry {
    let LogEntry { name, data, created_at, id, via } = entry;
    StoredEntry { id, name, data, created_at, via: (!via.is_empty()).then_some(via) }
}

/// Whether the logger answered, be it with a refusal of its own.
fn answered<T>(answer: &Result<Result<Response<T>, Status>, Passed>) -> bool {
    match answer {
        Ok(Ok(_)) => true,
        Ok(Err(status)) => {
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
        Err(Passed) => false,
    }
}

/// What the logger says it stored; an entry without an id comes from another implementation.
fn stored(answer: Result<Result<Response<LogResponse>, Status>, Passed>) -> Result<LogEntry, Failure> {
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
fn not_stored(status: &Status) -> Failure {
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

/// A question has no effect, so only its deadline is worth telling apart.
fn unread(status: &Status) -> Failure {
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
}
