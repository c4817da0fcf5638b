//! The gRPC door: `logger.LoggerService`.

mod deadline;
mod server;
mod status;

use std::time::Duration;

use tonic::{Request, Response, Status};
use tracing::Instrument;
use wire::entry::Via;
use wire::grpc::logger_service_server::LoggerService;
use wire::grpc::{
    LogBatchRequest, LogBatchResponse, LogEntry, LogRequest, LogResponse, LogResult, Outcome as WireOutcome,
    ReadLogsRequest, ReadLogsResponse,
};

pub(crate) use server::GrpcServer;
pub use server::ServeGrpcError;

use crate::draft::{Draft, InvalidDraft};
use crate::intake::Intake;
use crate::outcome::{Outcome, conflict_message};
use crate::store::{PageRequest, Store, StoredLog};

/// The greatest page of `ReadLogs`.
const MAX_PAGE: u32 = 1000;

/// The page of `ReadLogs` where none is asked for.
const DEFAULT_PAGE: u32 = 50;

/// The service.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    pub(crate) intake: Intake,
    pub(crate) store: Store,
    pub(crate) readers: chassis::admission::Admission,
    pub(crate) max_batch: usize,
    pub(crate) request_timeout: Duration,
}

#[tonic::async_trait]
impl LoggerService for Service {
    async fn log_activity(&self, request: Request<LogRequest>) -> Result<Response<LogResponse>, Status> {
        let deadline = deadline::of(&request, self.request_timeout)?;
        let trace = chassis::telemetry::trace_of(request.metadata().as_ref());
        let draft = draft(request.into_inner(), Via::Grpc)
            .map_err(|invalid| Status::invalid_argument(invalid.to_string()))?;
        let span = tracing::debug_span!(
            "log", trace = %format_args!("{:032x}", trace.trace_id()), entry = draft.id
        );
        let outcome = self.intake.submit(&draft, deadline).instrument(span).await;
        let created_at = status::stored(outcome, &draft.id)?;
        let log_entry = LogEntry {
            name: draft.name,
            data: draft.data,
            created_at: created_at.rfc3339(),
            id: draft.id,
            via: draft.via.as_str().to_owned(),
        };
        let message = "stored".to_owned();
        Ok(Response::new(LogResponse { error: false, message, log_entry: Some(log_entry) }))
    }

    async fn log_batch(
        &self,
        request: Request<LogBatchRequest>,
    ) -> Result<Response<LogBatchResponse>, Status> {
        let deadline = deadline::of(&request, self.request_timeout)?;
        let trace = chassis::telemetry::trace_of(request.metadata().as_ref());
        let entries = request.into_inner().entries;
        if entries.len() > self.max_batch {
            // Our client splits a call that is refused with this code.
            return Err(Status::invalid_argument(format!(
                "entries: expected at most {1} in one call, found {0}",
                entries.len(),
                self.max_batch
            )));
        }
        let span = tracing::debug_span!(
            "log_batch", trace = %format_args!("{:032x}", trace.trace_id()), entries = entries.len()
        );
        let results = self.store_all(entries, deadline).instrument(span).await;
        Ok(Response::new(LogBatchResponse { results }))
    }

    async fn read_logs(
        &self,
        request: Request<ReadLogsRequest>,
    ) -> Result<Response<ReadLogsResponse>, Status> {
        let deadline = deadline::of(&request, self.request_timeout)?;
        let page = page(request.into_inner())?;
        let read = async {
            let _pass = self.readers.enter(deadline).await.map_err(status::shut)?;
            self.store.read(&page).await.map_err(status::unread)
        };
        let entries = deadline.bound(read).await.map_err(|_| status::too_slow())??;
        let entries = entries.into_iter().map(log_entry).collect();
        Ok(Response::new(ReadLogsResponse { entries }))
    }
}

impl Service {
    async fn store_all(
        &self,
        entries: Vec<LogRequest>,
        deadline: chassis::deadline::Deadline,
    ) -> Vec<LogResult> {
        let mut drafts = Vec::with_capacity(entries.len());
        let checked: Vec<Result<(), InvalidDraft>> = entries
            .into_iter()
            .map(|entry| {
                tracing::debug!(entry = entry.id, traceparent = entry.traceparent, "in a shared call");
                draft(entry, Via::Grpc).map(|draft| drafts.push(draft))
            })
            .collect();
        let outcomes = self.intake.submit_all(&drafts, deadline).await;
        let mut told = outcomes.into_iter().zip(&drafts);
        // An invalid entry has no outcome: its result is put in its place, so that results match entries.
        checked
            .into_iter()
            .filter_map(|checked| match checked {
                Ok(()) => told.next().map(|(outcome, draft)| result(outcome, &draft.id)),
                Err(invalid) => {
                    let outcome = WireOutcome::Invalid.into();
                    Some(LogResult { outcome, message: invalid.to_string(), created_at: String::new() })
                }
            })
            .collect()
    }
}

fn draft(request: LogRequest, default_via: Via) -> Result<Draft, InvalidDraft> {
    Draft::new(request.id, request.name, request.data, &request.via, default_via)
}

fn result(outcome: Outcome, id: &str) -> LogResult {
    let mut created_at = String::new();
    let (outcome, message) = match outcome {
        Outcome::Stored(at) => {
            created_at = at.rfc3339();
            (WireOutcome::Stored, String::new())
        }
        Outcome::Conflict => (WireOutcome::Conflict, conflict_message(id)),
        Outcome::Refused(refusal) => (WireOutcome::Refused, refusal.to_string()),
        Outcome::Unknown(message) => (WireOutcome::Unknown, message),
    };
    LogResult { outcome: outcome.into(), message, created_at }
}

fn page(request: ReadLogsRequest) -> Result<PageRequest, Status> {
    let limit = match request.limit {
        0 => DEFAULT_PAGE,
        limit if limit <= MAX_PAGE => limit,
        limit => {
            return Err(Status::invalid_argument(format!(
                "limit: expected 1 to {MAX_PAGE}, or 0 for {DEFAULT_PAGE}; found {limit}"
            )));
        }
    };
    Ok(PageRequest { limit, after: request.after })
}

fn log_entry(stored: StoredLog) -> LogEntry {
    LogEntry {
        name: stored.name,
        data: stored.data,
        created_at: stored.created_at,
        id: stored.id,
        via: stored.via,
    }
}
