//! Callers with short deadlines, before dependencies that are alive and take their time: they shut nobody out.

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use axum::routing::post as route;
use axum::{Json, Router};
use serde_json::{Value, json};
use support::{Answer, JSON, Running, nobody, post, send, silence, start};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use wire::grpc::logger_service_server::{LoggerService, LoggerServiceServer};
use wire::grpc::{
    LogBatchRequest, LogBatchResponse, LogEntry, LogRequest, LogResponse, LogResult, Outcome,
    ReadLogsRequest, ReadLogsResponse,
};

const ENTRY: &[u8] = br#"{"name":"n","data":"d"}"#;
const SOMEBODY: &[u8] = br#"{"email":"admin@example.com","password":"password123"}"#;

/// A breaker that opens at the second failure and stays open.
const BREAKER: [&str; 4] = ["--breaker-failures", "2", "--breaker-pause", "1m"];

/// Deadlines that have passed before anything is sent, and such as pass while the answer is on its way.
const SHORT: [&str; 8] = ["0.0001", "0.001", "0.03", "0.0001", "0.05", "0.05", "0.1", "0.1"];

/// Time that each dependency takes for an answer.
const TAKES: Duration = Duration::from_millis(300);

async fn http() -> SocketAddr {
    let (listener, address) = silence().await;
    let log = async |_: Json<Value>| slowly(json!({ "id": "i", "created_at": "2026-01-01T00:00:00Z" })).await;
    let user = json!({ "id": 1, "email": "admin@example.com" });
    let authenticate = async move |_: Json<Value>| slowly(user).await;
    let routes = Router::new().route("/log", route(log)).route("/authentication", route(authenticate));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

async fn slowly(data: Value) -> Json<Value> {
    tokio::time::sleep(TAKES).await;
    Json(json!({ "error": false, "message": "m", "data": data }))
}

/// A logger that takes its time.
struct Slow;

#[tonic::async_trait]
impl LoggerService for Slow {
    async fn log_activity(&self, request: Request<LogRequest>) -> Result<Response<LogResponse>, Status> {
        tokio::time::sleep(TAKES).await;
        let LogRequest { name, data, id, .. } = request.into_inner();
        let entry = LogEntry { name, data, id, ..LogEntry::default() };
        Ok(Response::new(LogResponse { error: false, message: "m".to_owned(), log_entry: Some(entry) }))
    }

    async fn log_batch(
        &self,
        request: Request<LogBatchRequest>,
    ) -> Result<Response<LogBatchResponse>, Status> {
        tokio::time::sleep(TAKES).await;
        let stored = LogResult { outcome: Outcome::Stored.into(), ..LogResult::default() };
        let results = vec![stored; request.into_inner().entries.len()];
        Ok(Response::new(LogBatchResponse { results }))
    }

    async fn read_logs(&self, _: Request<ReadLogsRequest>) -> Result<Response<ReadLogsResponse>, Status> {
        tokio::time::sleep(TAKES).await;
        Ok(Response::new(ReadLogsResponse::default()))
    }
}

async fn grpc() -> SocketAddr {
    let (listener, address) = silence().await;
    let serving = Server::builder()
        .add_service(LoggerServiceServer::new(Slow))
        .serve_with_incoming(TcpListenerStream::new(listener));
    tokio::spawn(serving);
    address
}

async fn running() -> Running {
    start(http().await, grpc().await, nobody(), &BREAKER).await
}

async fn ask(running: &Running, route: &str, body: &[u8], timeout: &str) -> Answer {
    let headers = format!("request-timeout: {timeout}\r\n");
    match route {
        "/logs" => {
            let head = format!("GET {route} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
            send(running, head.as_bytes()).await
        }
        _ => post(running, route, &format!("{JSON}{headers}"), body).await,
    }
}

#[tokio::test]
async fn one_after_the_other_or_at_once_they_shut_nobody_out() {
    let running = running().await;
    for (route, body) in
        [("/json-logger", ENTRY), ("/authentication", SOMEBODY), ("/grpc-logger", ENTRY), ("/logs", &b""[..])]
    {
        for timeout in SHORT {
            let answer = ask(&running, route, body, timeout).await;
            assert_eq!(answer.status, 504, "{route} {timeout}: {answer:?}");
        }
        // Those that share a call with others, too.
        let at_once = (0..40).map(|number| ask(&running, route, body, SHORT[number % SHORT.len()]));
        for answer in futures::future::join_all(at_once).await {
            assert!(matches!(answer.status, 503 | 504), "{route}: {answer:?}");
            assert!(!answer.body.to_string().contains("is not answering"), "{route}: {answer:?}");
        }
        let patient = ask(&running, route, body, "5").await;
        assert_eq!(patient.status, 200, "{route}: {patient:?}");
    }
}
