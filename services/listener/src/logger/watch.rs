//! Keeps the logger connected: connects, looks after the connection, connects anew.
//!
//! The look is an empty call, not HTTP/2's keep-alive: servers of other implementations close a connection
//! that pings them often.

use std::time::Duration;

use chassis::attempts::Attempts;
use chassis::health::Dependency;
use tonic::transport::Endpoint;
use tonic::{Code, Request, Status};
use wire::grpc::LogBatchRequest;
use wire::grpc::logger_service_client::LoggerServiceClient;

use super::{Client, Logger, bounded};

/// How often a connection in use is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A logger that does not answer for so long is taken for gone.
const LOOK_TIMEOUT: Duration = Duration::from_secs(2);

/// Connecting: a logger that is back is found within a quarter of a second.
const ATTEMPTS: Attempts =
    Attempts { pace: Duration::from_millis(250), beside: 4, each: Duration::from_secs(5) };

/// How the logger can't be reached.
#[derive(Debug, thiserror::Error)]
enum Unreachable {
    #[error("{}", chassis::run::Chain(.0))]
    Connect(#[from] tonic::transport::Error),
    #[error("{}", super::verdict::short(.0))]
    Call(#[from] Status),
}

/// What every connection has.
pub(super) fn configure(endpoint: Endpoint) -> Endpoint {
    endpoint.connect_timeout(Duration::from_secs(3)).tcp_nodelay(true)
}

impl Logger {
    /// Keeps the logger connected, for ever, and says so to `dependency`. To end it, drop the future.
    pub(crate) async fn keep(&self, dependency: &Dependency) {
        let connect = || connect(self.endpoint.clone());
        self.link.keep(ATTEMPTS, dependency, connect, async |client| look(client).await).await;
    }
}

async fn connect(endpoint: Endpoint) -> Result<Client, Unreachable> {
    let service = LoggerServiceClient::new(endpoint.connect().await?);
    let takes_batches = probe(service.clone()).await?;
    Ok(Client { service, takes_batches })
}

/// Whether it takes batches; any answer of the logger's own shows that it is there.
async fn probe(mut service: LoggerServiceClient<tonic::transport::Channel>) -> Result<bool, Status> {
    match service.log_batch(Request::new(LogBatchRequest::default())).await {
        Ok(_) => Ok(true),
        Err(status) if status.code() == Code::Unimplemented => Ok(false),
        Err(status) => Err(status),
    }
}

/// Ends, with the reason, when the logger does not answer.
async fn look(client: &Client) -> String {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if let Err(status) = bounded(LOOK_TIMEOUT, probe(client.service.clone())).await {
            return super::verdict::short(&status);
        }
    }
}
