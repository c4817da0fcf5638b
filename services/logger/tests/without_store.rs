//! The logger while its store is not there: it serves, says what it waits for, and refuses quickly.

#![allow(clippy::unwrap_used, reason = "what a test asks with may end it, too")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chassis::CancellationToken;
use clap::Parser;
use logger::application::RunError;
use logger::{Application, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use wire::grpc::logger_service_client::LoggerServiceClient;
use wire::grpc::{LogBatchRequest, LogRequest, Outcome, ReadLogsRequest};
use wire::headers::{OUTCOME, REFUSED};

/// A port of this machine that nobody listens on.
const NOBODY: &str = "mongodb://127.0.0.1:1/logs_db?directConnection=true";

struct Running {
    http: SocketAddr,
    grpc: String,
    shutdown: CancellationToken,
    ended: JoinHandle<Result<(), RunError>>,
}

async fn start() -> Running {
    start_with(&[]).await
}

async fn start_with(more: &[&str]) -> Running {
    let arguments =
        ["logger", "--mongo-url", NOBODY, "--listen", "127.0.0.1:0", "--grpc-listen", "127.0.0.1:0"];
    let arguments = arguments.iter().chain(more);
    let application = Application::build(Settings::try_parse_from(arguments).unwrap()).await.unwrap();
    let (http, grpc) = (application.address(), format!("http://{}", application.grpc_address()));
    let shutdown = CancellationToken::new();
    let ended = tokio::spawn(application.run(shutdown.clone()));
    Running { http, grpc, shutdown, ended }
}

impl Running {
    /// Sends one request as it stands, and returns the whole answer.
    async fn send(&self, head: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.http).await.unwrap();
        let length = body.len();
        let head = format!("{head}\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        // A refusal may come, and the connection close, before all of a large body is written.
        let _ = stream.write_all(body).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    async fn post(&self, body: &[u8]) -> String {
        self.send("POST /log HTTP/1.1\r\ncontent-type: application/json", body).await
    }

    async fn channel(&self) -> Channel {
        Endpoint::from_shared(self.grpc.clone()).unwrap().connect().await.unwrap()
    }

    async fn client(&self) -> LoggerServiceClient<Channel> {
        LoggerServiceClient::new(self.channel().await)
    }
}

fn entry(id: &str, name: &str) -> LogRequest {
    LogRequest { name: name.into(), data: "d".into(), id: id.into(), ..LogRequest::default() }
}

#[tokio::test]
async fn it_says_what_it_waits_for_and_is_alive() {
    let logger = start().await;
    assert!(logger.send("GET /healthz HTTP/1.1", b"").await.starts_with("HTTP/1.1 200"));
    let ready = logger.send("GET /readyz HTTP/1.1", b"").await;
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains("mongo"), "{ready}");
    let mut health = HealthClient::new(logger.channel().await);
    let service = "logger.LoggerService".to_owned();
    let status = health.check(HealthCheckRequest { service }).await.unwrap().into_inner().status();
    assert_eq!(status, ServingStatus::NotServing);
}

/// Services that the logger tells of itself.
async fn described(logger: &Running) -> Result<Vec<String>, Status> {
    let message_request = Some(MessageRequest::ListServices(String::new()));
    let question = ServerReflectionRequest { host: String::new(), message_request };
    let mut client = ServerReflectionClient::new(logger.channel().await);
    let answers = client.server_reflection_info(futures::stream::iter([question])).await?;
    match answers.into_inner().message().await?.and_then(|answer| answer.message_response) {
        Some(MessageResponse::ListServicesResponse(list)) => {
            Ok(list.service.into_iter().map(|service| service.name).collect())
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn it_describes_itself_only_where_that_is_set() {
    let silent = described(&start().await).await.unwrap_err();
    assert_eq!(silent.code(), Code::Unimplemented);
    let services = described(&start_with(&["--grpc-reflection"]).await).await.unwrap();
    assert!(services.iter().any(|service| service == "logger.LoggerService"), "{services:?}");
}

#[tokio::test]
async fn it_refuses_quickly_and_says_that_nothing_is_stored() {
    let (logger, begun) = (start().await, Instant::now());
    let answer = logger.post(br#"{"name":"n","data":"d"}"#).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: "), "{answer}");
    let status = logger.client().await.log_activity(entry("", "n")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(status.metadata().get(OUTCOME).unwrap(), REFUSED);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_deadline_before_that_is_kept_too() {
    let logger = start_with(&["--down-grace", "1m"]).await;
    let mut request = Request::new(entry("", "n"));
    // The logger's own word comes a twentieth before it, or the client's library would have answered.
    request.set_timeout(Duration::from_secs(2));
    let status = logger.client().await.log_activity(request).await.unwrap_err();
    assert_eq!(status.metadata().get(OUTCOME).unwrap(), REFUSED);
}

#[tokio::test]
async fn each_entry_of_a_batch_has_its_own_result() {
    let logger = start().await;
    let mut client = logger.client().await;
    let entries = vec![entry("a", "n"), entry("b", ""), entry("c d", "n"), entry("e", "n")];
    let results = client.log_batch(LogBatchRequest { entries }).await.unwrap().into_inner().results;
    let outcomes: Vec<Outcome> = results.iter().map(|result| result.outcome()).collect();
    assert_eq!(outcomes, [Outcome::Refused, Outcome::Invalid, Outcome::Invalid, Outcome::Refused]);
    assert!(results[1].message.contains("\"name\""), "{}", results[1].message);
    let entries = vec![entry("", "n"); 1001];
    let status = client.log_batch(LogBatchRequest { entries }).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let page = ReadLogsRequest { limit: 1001, after: String::new() };
    assert_eq!(client.read_logs(page).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn bad_input_is_refused_with_its_place() {
    let logger = start().await;
    let long = format!(r#"{{"name":"n","data":"{}"}}"#, "x".repeat(wire::entry::MAX_DATA + 1));
    let cases: [(&[u8], &str, &str); 9] = [
        (b"", "400", "empty"),
        (b"{", "400", "line 1"),
        (b"\xff\xfe", "400", "line 1"),
        (br#"{"name":"n"}"#, "400", "data"),
        (br#"{"name":1,"data":"d"}"#, "400", "string"),
        (br#"{"name":"n","data":"d","x":1}"#, "400", "unknown field"),
        (br#"{"name":"n","data":"a\u0000"}"#, "400", "NUL"),
        (br#"{"id":"a b","name":"n","data":"d"}"#, "400", "visible ASCII"),
        (long.as_bytes(), "400", "bytes"),
    ];
    for (body, status, told) in cases {
        let answer = logger.post(body).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(told), "{answer}");
        assert!(answer.contains(r#"{"error":true"#), "{answer}");
    }
}

#[tokio::test]
async fn routes_methods_types_sizes_and_times_are_checked() {
    let logger = start().await;
    let json = "content-type: application/json";
    let huge = vec![b' '; 8 * 1024 * 1024];
    let cases: [(String, &[u8], &str); 6] = [
        ("GET /nothing HTTP/1.1".into(), b"", "404"),
        ("GET /log HTTP/1.1".into(), b"", "405"),
        ("POST /log HTTP/1.1\r\ncontent-type: text/plain".into(), b"{}", "415"),
        (format!("POST /log HTTP/1.1\r\n{json}\r\nrequest-timeout: -1"), b"{}", "400"),
        (format!("POST /log HTTP/1.1\r\n{json}\r\nrequest-timeout: 1e9"), b"{}", "400"),
        (format!("POST /log HTTP/1.1\r\n{json}"), &huge, "413"),
    ];
    for (head, body, status) in cases {
        let answer = logger.send(&head, body).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{head}: {answer}");
        assert!(answer.contains(r#"{"error":true"#), "{answer}");
    }
}

#[tokio::test]
async fn it_ends_at_once_when_nothing_is_under_way() {
    let logger = start().await;
    let begun = Instant::now();
    logger.shutdown.cancel();
    logger.ended.await.unwrap().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}
