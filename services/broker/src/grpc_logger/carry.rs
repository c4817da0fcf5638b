//! The calls to the logger that store: one entry alone in a call of its own, several together in one.

use std::sync::atomic::Ordering;

use chassis::breaker::Conduct;
use chassis::deadline::{Deadline, Passed};
use futures::future;
use tokio::time::Instant;
use tonic::{Code, Response, Status};
use wire::grpc::logger_service_client::LoggerServiceClient;
use wire::grpc::{LogBatchRequest, LogBatchResponse};

use super::shared::{Carrier, Told, Waiting, too_late};
use super::verdict::{conduct, not_stored, of_result, stored};
use super::{GrpcLogger, request};
use crate::margin::Hop;

impl GrpcLogger {
    /// Makes one call after the other, until nothing waits.
    pub(super) async fn carry(self, mut carrier: Carrier) {
        while let Some(mut call) = carrier.next(Instant::now()) {
            match call.pop() {
                Some(single) if call.is_empty() => self.send_one(single).await,
                Some(last) => {
                    call.push(last);
                    self.send_all(call).await;
                }
                None => {}
            }
        }
    }

    async fn send_one(&self, waiting: Waiting) {
        let message = waiting.entry.clone();
        let mut client = LoggerServiceClient::new(self.channel());
        let call = client.log_activity(request(message, waiting.hop, waiting.trace));
        let (sent, told) = (Instant::now(), waiting.hop.told);
        let answer = waiting.hop.wait.bound(call).await;
        let conduct = conduct(&answer, sent, told);
        waiting.tell(Told { stored: stored(answer), conduct });
    }

    async fn send_all(&self, mut call: Vec<Waiting>) {
        if !self.takes_batches.load(Ordering::Relaxed) {
            return self.send_each(call).await;
        }
        let entries = call.iter_mut().map(|waiting| {
            waiting.entry.traceparent = waiting.trace.to_string();
            waiting.entry.clone()
        });
        let message = LogBatchRequest { entries: entries.collect() };
        let hop = longest(&call);
        let trace = call[0].trace;
        let mut client = LoggerServiceClient::new(self.channel());
        let sent = Instant::now();
        match hop.wait.bound(client.log_batch(request(message, hop, trace))).await {
            Ok(Ok(answer)) => tell_each(call, answer),
            Ok(Err(status)) if status.code() == Code::Unimplemented => {
                self.takes_batches.store(false, Ordering::Relaxed);
                self.send_each(call).await;
            }
            // Too many or too large for this logger as they are together; what is wrong with one, its own call says.
            Ok(Err(status)) if matches!(status.code(), Code::InvalidArgument | Code::OutOfRange) => {
                self.send_each(call).await;
            }
            Ok(Err(status)) => {
                tell_all(call, &status, conduct::<()>(&Ok(Err(status.clone())), sent, hop.told))
            }
            Err(Passed) => {
                for waiting in call {
                    let conduct = Conduct::Silent { sent: Some(sent) };
                    waiting.tell(Told { stored: Err(too_late()), conduct });
                }
            }
        }
    }

    async fn send_each(&self, call: Vec<Waiting>) {
        future::join_all(call.into_iter().map(|waiting| self.send_one(waiting))).await;
    }
}

/// The deadlines of the one that may wait longest: the others tell their callers in time by themselves.
fn longest(call: &[Waiting]) -> Hop {
    let latest = |get: fn(&Hop) -> Deadline| call.iter().map(|waiting| get(&waiting.hop)).max();
    let first = call[0].hop;
    Hop {
        wait: latest(|hop| hop.wait).unwrap_or(first.wait),
        told: latest(|hop| hop.told).unwrap_or(first.told),
    }
}

fn tell_each(call: Vec<Waiting>, answer: Response<LogBatchResponse>) {
    let results = answer.into_inner().results;
    if results.len() != call.len() {
        // An answer that does not fit says nothing of any entry.
        let told = format!("the logger answered with {} results for {} entries", results.len(), call.len());
        return tell_all(call, &Status::unknown(told), Conduct::Broken);
    }
    for (mut waiting, result) in call.into_iter().zip(results) {
        let entry = std::mem::take(&mut waiting.entry);
        waiting.tell(Told { stored: of_result(result, entry), conduct: Conduct::Answered });
    }
}

/// The same for all: the call failed as a whole.
fn tell_all(call: Vec<Waiting>, status: &Status, conduct: Conduct) {
    for waiting in call {
        waiting.tell(Told { stored: Err(not_stored(status)), conduct });
    }
}
