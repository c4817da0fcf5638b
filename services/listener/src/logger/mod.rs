//! Calls to the logger.
//!
//! An own logger takes many entries in one call. One of another implementation knows single entries only:
//! then each goes in a call of its own, and what is unknown is brought again without an id to keep it from
//! being stored twice.

mod verdict;
mod watch;

use std::time::Duration;

use chassis::link::{Held, Link};
use futures::StreamExt;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request};
use wire::grpc::logger_service_client::LoggerServiceClient;
use wire::grpc::{LogBatchRequest, LogRequest};
use wire::headers::TRACEPARENT;

pub(crate) use verdict::Verdict;

/// Single calls at the same time, to a logger that does not know batches.
const SINGLE_CALLS: usize = 16;

/// The logger; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Logger {
    endpoint: Endpoint,
    call_timeout: Duration,
    /// The connection; [`Logger::keep`] makes it.
    pub(crate) link: Link<Client>,
}

/// A connection that has answered.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    service: LoggerServiceClient<Channel>,
    takes_batches: bool,
}

/// An address of the logger that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("LOGGER_GRPC_URL is \"{0}\"; it must look like http://host:50001")]
pub struct BadUrl(String);

impl Logger {
    /// A logger that nobody has tried yet.
    pub(crate) fn new(url: &str, call_timeout: Duration) -> Result<Self, BadUrl> {
        let endpoint = Endpoint::from_shared(url.to_owned()).map_err(|_| BadUrl(url.to_owned()))?;
        if endpoint.uri().scheme_str() != Some("http") || endpoint.uri().host().is_none() {
            return Err(BadUrl(url.to_owned()));
        }
        Ok(Self { endpoint: watch::configure(endpoint), call_timeout, link: Link::default() })
    }

    /// Brings entries to the logger; the verdicts are in their order.
    pub(crate) async fn store(
        &self,
        client: Held<Client>,
        entries: Vec<LogRequest>,
        traceparent: Option<String>,
    ) -> Vec<Verdict> {
        let count = entries.len();
        let calls = async {
            if client.takes_batches {
                self.store_batch(&client, entries, traceparent).await
            } else {
                self.store_each(&client, entries).await
            }
        };
        tokio::select! {
            verdicts = calls => verdicts,
            () = self.link.lost(&client) => Verdict::again(count, "the connection to the logger was lost"),
        }
    }

    async fn store_batch(
        &self,
        client: &Held<Client>,
        entries: Vec<LogRequest>,
        traceparent: Option<String>,
    ) -> Vec<Verdict> {
        let count = entries.len();
        let mut request = self.request(LogBatchRequest { entries });
        if let Some(value) = traceparent.and_then(|text| text.parse().ok()) {
            request.metadata_mut().insert(TRACEPARENT, value);
        }
        match bounded(self.call_timeout, client.service.clone().log_batch(request)).await {
            Ok(response) => Verdict::of_batch(response.into_inner().results, count),
            Err(status) => {
                self.report_if_gone(client, &status);
                Verdict::of_failed_batch(&status, count)
            }
        }
    }

    async fn store_each(&self, client: &Held<Client>, entries: Vec<LogRequest>) -> Vec<Verdict> {
        futures::stream::iter(entries)
            .map(|entry| async {
                let mut service = client.service.clone();
                match bounded(self.call_timeout, service.log_activity(self.request(entry))).await {
                    Ok(response) => Verdict::of_single(&response.into_inner()),
                    Err(status) => {
                        self.report_if_gone(client, &status);
                        Verdict::of_failed_single(&status)
                    }
                }
            })
            .buffered(SINGLE_CALLS)
            .collect()
            .await
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(self.call_timeout);
        request
    }

    /// A status that the client library made itself means that the connection is gone.
    fn report_if_gone(&self, client: &Held<Client>, status: &tonic::Status) {
        if std::error::Error::source(status).is_some() {
            self.link.report(client, verdict::short(status));
        }
    }
}

/// Ends a call that hangs, a little after the logger should have.
async fn bounded<T>(
    time: Duration,
    call: impl Future<Output = Result<T, tonic::Status>>,
) -> Result<T, tonic::Status> {
    let limit = time + Duration::from_millis(100);
    match tokio::time::timeout(limit, call).await {
        Ok(ended) => ended,
        Err(_) => Err(tonic::Status::new(Code::DeadlineExceeded, format!("no answer within {limit:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_url_is_told_with_what_would_be_right() {
        for url in ["", "logger:50001", "amqp://logger", "http://"] {
            let error = Logger::new(url, Duration::from_secs(1)).unwrap_err().to_string();
            assert!(error.contains("http://host:50001"), "{url}: {error}");
        }
    }
}
