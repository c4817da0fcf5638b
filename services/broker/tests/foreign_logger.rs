//! A logger of another implementation, which knows only the first fields of the contract: its word is taken
//! for what it is.

mod support;

use std::net::SocketAddr;

use support::{JSON, Running, get, nobody, post, silence, start};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use wire::grpc::logger_service_server::{LoggerService, LoggerServiceServer};
use wire::grpc::{
    LogBatchRequest, LogBatchResponse, LogEntry, LogRequest, LogResponse, ReadLogsRequest, ReadLogsResponse,
};

/// Stores whatever is not named `broken`, and says so with the fields that it knows.
struct Foreign;

#[tonic::async_trait]
impl LoggerService for Foreign {
    async fn log_activity(&self, request: Request<LogRequest>) -> Result<Response<LogResponse>, Status> {
        let LogRequest { name, data, .. } = request.into_inner();
        let error = name == "broken";
        let entry = LogEntry { name, data, ..LogEntry::default() };
        Ok(Response::new(LogResponse { error, message: "m".to_owned(), log_entry: Some(entry) }))
    }

    async fn log_batch(&self, _: Request<LogBatchRequest>) -> Result<Response<LogBatchResponse>, Status> {
        Err(Status::unimplemented("no batches here"))
    }

    async fn read_logs(&self, _: Request<ReadLogsRequest>) -> Result<Response<ReadLogsResponse>, Status> {
        Err(Status::unimplemented("no reading here"))
    }
}

async fn foreign() -> SocketAddr {
    let (listener, address) = silence().await;
    let serving = Server::builder()
        .add_service(LoggerServiceServer::new(Foreign))
        .serve_with_incoming(TcpListenerStream::new(listener));
    tokio::spawn(serving);
    address
}

async fn running() -> Running {
    let nobody = nobody();
    start(nobody, foreign().await, nobody, &[]).await
}

/// What `/readyz` says once the logger's gRPC was looked at.
async fn seen(running: &Running) -> serde_json::Value {
    loop {
        let ready = get(running, "/readyz").await.body;
        if ready["data"]["dependencies"]["logger-grpc"] != "not tried yet" {
            return ready;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_it_does_not_tell_is_filled_in_and_noted() {
    let running = running().await;
    let headers = format!("{JSON}idempotency-key: k-1\r\n");
    let answer = post(&running, "/grpc-logger", &headers, br#"{"name":"n","data":"d"}"#).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["data"]["id"], "k-1");
    assert!(answer.body["data"]["created_at"].as_str().is_some_and(|moment| moment.ends_with('Z')));
    let ready = seen(&running).await;
    assert_eq!(ready["data"]["dependencies"]["logger-grpc"], "ready", "no health service is no bad sign");
    assert!(ready["data"]["notes"]["logger-grpc"].as_str().is_some_and(|note| note.contains("idempotency")));
}

#[tokio::test]
async fn its_errors_are_never_success() {
    let running = running().await;
    let answer = post(&running, "/grpc-logger", JSON, br#"{"name":"broken","data":"d"}"#).await;
    assert_eq!((answer.status, &answer.body["error"]), (504, &true.into()), "{answer:?}");
    assert_eq!(get(&running, "/logs").await.status, 501);
}
