//! Callers by gRPC, directly at a logger: one unary call for each entry, on shared connections.

use std::net::SocketAddr;

use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;
use wire::grpc::LogRequest;
use wire::grpc::logger_service_client::LoggerServiceClient;

use crate::closed::{CallOutcome, Caller};
use crate::failure::BenchError;
use crate::workload::data;

// The number with which unary calls are fastest here: one connection is one task, which one core bounds.
/// Connections that all callers share.
const CONNECTIONS: usize = 4;

/// Caller of `LogActivity`.
#[derive(Debug, Clone)]
pub struct GrpcCaller {
    client: LoggerServiceClient<Channel>,
    size: usize,
}

impl GrpcCaller {
    /// Connects `number` callers of entries with `size` bytes of data.
    ///
    /// # Errors
    /// Returns the error of tonic.
    pub async fn many(number: usize, address: SocketAddr, size: usize) -> Result<Vec<Self>, BenchError> {
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true);
        let mut channels = Vec::new();
        for _ in 0..CONNECTIONS.min(number) {
            channels.push(endpoint.connect().await?);
        }
        let caller = |number: usize| Self {
            client: LoggerServiceClient::new(channels[number % channels.len()].clone()),
            size,
        };
        Ok((0..number).map(caller).collect())
    }
}

impl Caller for GrpcCaller {
    async fn call(&mut self) -> Result<CallOutcome, BenchError> {
        let id = Uuid::now_v7().to_string();
        let entry = LogRequest {
            name: "bench".to_owned(),
            data: data(&id, self.size),
            id,
            via: "log-grpc".to_owned(),
            traceparent: String::new(),
        };
        let answer = self.client.log_activity(entry).await?.into_inner();
        if answer.error { Err(answer.message.into()) } else { Ok(CallOutcome::Done) }
    }
}
