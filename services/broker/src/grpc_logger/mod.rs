//! The logger by gRPC: storing, reading, and whether it is there.

mod carry;
mod shared;
mod verdict;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chassis::deadline::{Deadline, Passed};
use chassis::gate::Gate;
use chassis::health::Dependency;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use wire::entry::{NewEntry, StoredEntry, Via};
use wire::grpc::logger_service_client::LoggerServiceClient;
use wire::grpc::{LogEntry, LogRequest, ReadLogsRequest};
use wire::headers::TRACEPARENT;
use wire::id::EntryId;
use wire::trace::TraceContext;

use crate::margin::{self, Hop};
use crate::outcome::Failure;

use shared::{Shared, Told};
use verdict::{conduct, unread};

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
    endpoint: Endpoint,
    connections: usize,
    channels: Arc<RwLock<Channels>>,
    next: Arc<AtomicUsize>,
    gate: Gate,
    reading: Gate,
    dependency: Dependency,
    shared: Arc<Shared>,
    /// Unset once a logger of another implementation has said that it knows single entries only.
    takes_batches: Arc<AtomicBool>,
}

/// Connections that calls take in turn.
type Channels = Arc<[Channel]>;

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
        let channels = Arc::new(RwLock::new(lazily(&endpoint, connections)));
        let Gates { storing: gate, reading } = gates;
        Ok(Self {
            endpoint,
            connections,
            channels,
            next: Arc::default(),
            gate,
            reading,
            dependency,
            shared: Arc::default(),
            takes_batches: Arc::new(AtomicBool::new(true)),
        })
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
            traceparent: String::new(),
        };
        let (ticket, carrier) = self.shared.push(message, hop, trace, Instant::now());
        if let Some(carrier) = carrier {
            // In a task of its own: others may share the call, and this request may be given up.
            tokio::spawn(self.clone().carry(carrier));
        }
        let Told { stored, conduct } = ticket.told().await;
        entered.end(conduct);
        let told = stored?;
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
        let sent = Instant::now();
        let answer = hop.wait.bound(client.read_logs(request)).await;
        entered.end(conduct(&answer, sent, hop.told));
        match answer {
            Ok(Ok(page)) => Ok(page.into_inner().entries.into_iter().map(entry).collect()),
            Ok(Err(status)) => Err(unread(&status)),
            Err(Passed) => Err(Failure::unknown("the logger did not answer in time")),
        }
    }

    /// Asks the logger on each connection whether it serves. One that can't tell is taken at its silence.
    pub(crate) async fn look(&self) -> Result<(), NotServing> {
        ask_all(&self.channels()).await
    }

    /// Asks on new connections, and uses those from now on: of the old ones some may hang though the logger
    /// is back.
    pub(crate) async fn seek(&self) -> Result<(), NotServing> {
        let channels = lazily(&self.endpoint, self.connections);
        ask_all(&channels).await?;
        *self.channels.write().unwrap_or_else(PoisonError::into_inner) = channels;
        // Perhaps it is another logger now.
        self.takes_batches.store(true, Ordering::Relaxed);
        if let Some(carrier) = self.shared.renew(Instant::now()) {
            tokio::spawn(self.clone().carry(carrier));
        }
        Ok(())
    }

    fn channels(&self) -> Channels {
        Arc::clone(&self.channels.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn channel(&self) -> Channel {
        let (channels, next) = (self.channels(), self.next.fetch_add(1, Ordering::Relaxed));
        channels[next % channels.len()].clone()
    }
}

/// Connections that are made when first used.
fn lazily(endpoint: &Endpoint, connections: usize) -> Channels {
    (0..connections).map(|_| endpoint.connect_lazy()).collect()
}

async fn ask_all(channels: &[Channel]) -> Result<(), NotServing> {
    for channel in channels {
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
