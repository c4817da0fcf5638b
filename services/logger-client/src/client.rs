//! Client of the logger: a connection and the calls on it.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chassis::deadline::{Deadline, Passed};
use futures::{StreamExt, stream};
use tokio::time::Instant;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use wire::grpc::logger_service_client::LoggerServiceClient;
use wire::grpc::{LogBatchRequest, LogRequest, ReadLogsRequest};
use wire::headers::TRACEPARENT;
use wire::trace::TraceContext;

use crate::report::{self, PageReport, Report};

/// Single calls at the same time, to a logger that does not know batches.
const SINGLE_CALLS: usize = 16;

/// The largest page of entries that is read, in bytes.
const PAGE_LIMIT: usize = 64 * 1024 * 1024;

/// A connection to the logger; clones share it.
#[derive(Debug, Clone)]
pub struct Client {
    channel: Channel,
    /// Unset once a logger of another implementation has said that it knows single entries only.
    takes_batches: Arc<AtomicBool>,
}

/// Deadlines and trace of a call.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// Moment at which the client gives up.
    pub wait: Deadline,
    /// Deadline that the logger is told: a little earlier, so that its own word comes first.
    pub told: Deadline,
    /// Trace that the call belongs to.
    pub trace: Option<TraceContext>,
}

/// Reason why the logger is not taken for there.
#[derive(Debug, thiserror::Error)]
pub enum NotServing {
    /// No connection.
    #[error("{}", chassis::run::Chain(.0))]
    Unreachable(#[from] tonic::transport::Error),
    /// No answer.
    #[error("the logger's gRPC does not answer: {}", report::short(.0))]
    Silent(#[from] Status),
    /// Logger's own word.
    #[error("the logger's gRPC says that it is not serving")]
    SaysNo,
}

/// End of a call with several entries.
enum BatchEnd {
    Ended(Vec<Report>),
    /// Too many or too large for this logger as they are together.
    TooLarge,
    /// Unknown method: the logger knows single entries only.
    Unsupported,
}

impl Client {
    /// A client whose connection is made when it is first used, and again after each loss.
    #[must_use]
    pub fn lazy(endpoint: &Endpoint) -> Self {
        Self { channel: endpoint.connect_lazy(), takes_batches: Arc::new(AtomicBool::new(true)) }
    }

    /// Connects, and makes sure that a logger answers.
    ///
    /// # Errors
    /// [`NotServing`] says why not.
    pub async fn connect(endpoint: &Endpoint) -> Result<Self, NotServing> {
        let channel = endpoint.connect().await?;
        let client = Self { channel, takes_batches: Arc::new(AtomicBool::new(true)) };
        client.probe().await?;
        Ok(client)
    }

    /// Stores an entry.
    pub async fn store(&self, entry: LogRequest, call: Call) -> Report {
        let sent = Instant::now();
        let answer = call.wait.bound(self.service().log_activity(request(entry, call))).await;
        Report::of_single(answer, sent, call.told)
    }

    /// Stores entries together, as far as the logger takes them so. `report` gets the place of each entry and what came
    /// of it, as soon as that is known.
    pub async fn store_all(
        &self,
        entries: &[LogRequest],
        call: Call,
        mut report: impl FnMut(usize, Report) + Send,
    ) {
        let whole = 0..entries.len();
        let mut parts = vec![whole];
        while let Some(part) = parts.pop() {
            if part.len() < 2 || !self.takes_batches.load(Ordering::Relaxed) {
                self.store_each(entries, part, call, &mut report).await;
                continue;
            }
            // A copy of the entries: a call that is too large is made again in halves.
            match self.store_batch(entries[part.clone()].to_vec(), call).await {
                BatchEnd::Ended(reports) => part.zip(reports).for_each(|(place, ended)| report(place, ended)),
                // By halves: what is wrong with one entry, its own call says in the end.
                BatchEnd::TooLarge => {
                    let middle = part.start + part.len() / 2;
                    // The first half lies on top, so that entries stay in their order.
                    parts.push(middle..part.end);
                    parts.push(part.start..middle);
                }
                BatchEnd::Unsupported => {
                    // Relaxed: whoever reads it too late makes one call in vain.
                    self.takes_batches.store(false, Ordering::Relaxed);
                    parts.push(part);
                }
            }
        }
    }

    async fn store_each(
        &self,
        entries: &[LogRequest],
        part: Range<usize>,
        call: Call,
        report: &mut (impl FnMut(usize, Report) + Send),
    ) {
        let calls = part.map(|place| {
            let entry = entries[place].clone();
            async move { (place, self.store(entry, call).await) }
        });
        let mut ended = stream::iter(calls).buffer_unordered(SINGLE_CALLS);
        while let Some((place, stored)) = ended.next().await {
            report(place, stored);
        }
    }

    async fn store_batch(&self, entries: Vec<LogRequest>, call: Call) -> BatchEnd {
        let (count, sent) = (entries.len(), Instant::now());
        let message = request(LogBatchRequest { entries }, call);
        match call.wait.bound(self.service().log_batch(message)).await {
            Ok(Ok(answer)) => BatchEnd::Ended(Report::of_batch(answer.into_inner().results, count)),
            Ok(Err(status)) => match status.code() {
                Code::Unimplemented => BatchEnd::Unsupported,
                Code::InvalidArgument | Code::OutOfRange => BatchEnd::TooLarge,
                _ => BatchEnd::Ended(vec![Report::of_status(&status, sent, call.told); count]),
            },
            Err(Passed) => BatchEnd::Ended(vec![Report::too_late(Some(sent)); count]),
        }
    }

    /// Reads a page, the newest entries first.
    pub async fn read(&self, page: ReadLogsRequest, call: Call) -> PageReport {
        let sent = Instant::now();
        // A page may be larger than the 4 MiB that the library takes otherwise.
        let mut service = self.service().max_decoding_message_size(PAGE_LIMIT);
        let answer = call.wait.bound(service.read_logs(request(page, call))).await;
        PageReport::of(answer, sent, call.told)
    }

    /// Asks the logger whether it serves. One that can't tell is taken at its silence.
    ///
    /// # Errors
    /// [`NotServing`] without an answer, or with one that says no.
    pub async fn check(&self) -> Result<(), NotServing> {
        let question = HealthCheckRequest { service: String::new() };
        match HealthClient::new(self.channel.clone()).check(question).await {
            Ok(answer) if answer.get_ref().status() != ServingStatus::Serving => Err(NotServing::SaysNo),
            // Another implementation need not have a health service; that it answered shows that it is there.
            Err(status) if status.code() != Code::Unimplemented => Err(status.into()),
            _ => Ok(()),
        }
    }

    /// Asks the logger for a sign of life, which need not serve; learns whether it takes batches.
    // An empty call, not HTTP/2's keep-alive: servers of other implementations close a connection that pings them often.
    ///
    /// # Errors
    /// [`NotServing`] without an answer.
    pub async fn probe(&self) -> Result<(), NotServing> {
        // Without a deadline: whoever asks bounds the wait.
        match self.service().log_batch(Request::new(LogBatchRequest::default())).await {
            Err(status) if status.code() == Code::Unimplemented => {
                self.takes_batches.store(false, Ordering::Relaxed);
                Ok(())
            }
            Err(status) => Err(status.into()),
            Ok(_) => Ok(()),
        }
    }

    fn service(&self) -> LoggerServiceClient<Channel> {
        LoggerServiceClient::new(self.channel.clone())
    }
}

fn request<T>(message: T, call: Call) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(call.told.remaining());
    let trace = call.trace.and_then(|trace| MetadataValue::try_from(trace.to_string()).ok());
    if let Some(value) = trace {
        request.metadata_mut().insert(TRACEPARENT, value);
    }
    request
}
