//! The logger by gRPC: storing, reading, and whether it is there.

mod carry;
mod shared;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chassis::deadline::Deadline;
use chassis::gate::Gate;
use chassis::health::Dependency;
use http::StatusCode;
use logger_client::{BadEndpoint, Call, Client, NotRead, NotServing, NotStored};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;
use tonic::transport::Endpoint;
use wire::entry::{NewEntry, StoredEntry, Via};
use wire::grpc::{LogEntry, LogRequest, ReadLogsRequest};
use wire::id::EntryId;
use wire::trace::TraceContext;

use crate::hop_deadline::HopDeadlines;
use crate::outcome::Failure;

use shared::SharedCalls;

/// Note of `/readyz` on a logger that gives entries no id.
pub(crate) const WITHOUT_IDEMPOTENCY: &str =
    "the logger stores without idempotency: an entry that is sent twice is stored twice";

/// Time between two pings on a connection: a logger that hangs or a link that was cut is found out by them.
const PING: Duration = Duration::from_secs(1);

/// Time for the answer to a ping.
const PONG: Duration = Duration::from_secs(3);

/// The logger's gRPC; clones share its connections.
#[derive(Debug, Clone)]
pub(crate) struct GrpcLogger {
    endpoint: Endpoint,
    connections: usize,
    clients: Arc<RwLock<Clients>>,
    next: Arc<AtomicUsize>,
    gate: Gate,
    reading: Gate,
    dependency: Dependency,
    shared: Arc<SharedCalls>,
}

/// Connections that calls take in turn.
// Several, since a connection is one task, which one core bounds.
type Clients = Arc<[Client]>;

/// The gates of the two uses of the logger.
pub(crate) struct Gates {
    /// Gate of storing.
    pub(crate) storing: Gate,
    /// Gate of reading: a page is large, so fewer at once.
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
        let endpoint = logger_client::endpoint(url)?
            .connect_timeout(connect)
            .http2_keep_alive_interval(PING)
            .keep_alive_timeout(PONG)
            // While idle, too: else a cut link is found out only by the next request, which hangs on it.
            .keep_alive_while_idle(true);
        let clients = Arc::new(RwLock::new(lazily(&endpoint, connections)));
        let Gates { storing: gate, reading } = gates;
        Ok(Self {
            endpoint,
            connections,
            clients,
            next: Arc::default(),
            gate,
            reading,
            dependency,
            shared: Arc::default(),
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
        let hop = HopDeadlines::within(deadline);
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
        let report = ticket.report().await;
        entered.end(report.conduct);
        let stored = report.stored?;
        if !stored.by_id {
            self.dependency.note(WITHOUT_IDEMPOTENCY);
        }
        // Another implementation may not say when; the moment of its answer comes closest.
        let created_at = if stored.created_at.is_empty() { now() } else { stored.created_at };
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
        let hop = HopDeadlines::within(deadline);
        let entered = self.reading.enter(hop.wait).await?;
        let report = self.client().read(ReadLogsRequest { limit, after }, call(hop, trace)).await;
        entered.end(report.conduct);
        Ok(report.page?.into_iter().map(entry).collect())
    }

    /// Asks the logger on each connection whether it serves.
    pub(crate) async fn look(&self) -> Result<(), NotServing> {
        ask_all(&self.clients()).await
    }

    /// Asks on new connections, and uses those from now on: of the old ones some may hang though the logger
    /// is back.
    pub(crate) async fn seek(&self) -> Result<(), NotServing> {
        let clients = lazily(&self.endpoint, self.connections);
        ask_all(&clients).await?;
        // Before the carrier below, which must find the new connections.
        *self.clients.write().unwrap_or_else(PoisonError::into_inner) = clients;
        if let Some(carrier) = self.shared.renew(Instant::now()) {
            tokio::spawn(self.clone().carry(carrier));
        }
        Ok(())
    }

    fn clients(&self) -> Clients {
        Arc::clone(&self.clients.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn client(&self) -> Client {
        let (clients, next) = (self.clients(), self.next.fetch_add(1, Ordering::Relaxed));
        clients[next % clients.len()].clone()
    }
}

/// Connections that are made when first used.
fn lazily(endpoint: &Endpoint, connections: usize) -> Clients {
    (0..connections).map(|_| Client::lazy(endpoint)).collect()
}

async fn ask_all(clients: &[Client]) -> Result<(), NotServing> {
    for client in clients {
        client.check().await?;
    }
    Ok(())
}

impl From<NotStored> for Failure {
    fn from(not_stored: NotStored) -> Self {
        match not_stored {
            NotStored::Conflict(message) => Self::mistake(StatusCode::CONFLICT, message),
            NotStored::Invalid(message) => Self::mistake(StatusCode::BAD_REQUEST, message),
            NotStored::Refused(message) => Self::refused(message),
            NotStored::Unknown(message) => Self::Unknown(message),
        }
    }
}

impl From<NotRead> for Failure {
    fn from(not_read: NotRead) -> Self {
        let message = not_read.to_string();
        match not_read {
            NotRead::Invalid(_) => Self::mistake(StatusCode::BAD_REQUEST, message),
            NotRead::Unsupported => Self::mistake(StatusCode::NOT_IMPLEMENTED, message),
            NotRead::TooLate => Self::Unknown(message),
            NotRead::Refused(_) => Self::refused(message),
        }
    }
}

/// Now, as an entry tells when it was made.
pub(crate) fn now() -> String {
    OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default()
}

fn call(hop: HopDeadlines, trace: TraceContext) -> Call {
    Call { wait: hop.wait, told: hop.told, trace: Some(trace) }
}

fn entry(entry: LogEntry) -> StoredEntry {
    let LogEntry { name, data, created_at, id, via } = entry;
    StoredEntry { id, name, data, created_at, via: (!via.is_empty()).then_some(via) }
}
