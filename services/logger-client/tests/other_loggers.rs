//! Loggers that take no batches, or only small ones: every entry is stored all the same, and reported once.

#![allow(clippy::unwrap_used, reason = "a test that can't go on ends here")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chassis::breaker::Conduct;
use chassis::deadline::Deadline;
use logger_client::{Call, Client, NotStored, Report};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use wire::grpc::logger_service_server::{LoggerService, LoggerServiceServer};
use wire::grpc::{
    LogBatchRequest, LogBatchResponse, LogEntry, LogRequest, LogResponse, LogResult, Outcome,
    ReadLogsRequest, ReadLogsResponse,
};

/// A logger that takes at most `most` entries in a call, none together if that is 0, and never one named `bad`.
#[derive(Debug, Default, Clone)]
struct Picky {
    most: usize,
    /// The number of entries of each call.
    calls: Arc<Mutex<Vec<usize>>>,
}

#[tonic::async_trait]
impl LoggerService for Picky {
    async fn log_activity(&self, request: Request<LogRequest>) -> Result<Response<LogResponse>, Status> {
        self.calls.lock().unwrap().push(1);
        let LogRequest { name, id, .. } = request.into_inner();
        if name == "bad" {
            return Err(Status::invalid_argument("bad"));
        }
        let entry = LogEntry { name, id, ..LogEntry::default() };
        Ok(Response::new(LogResponse { error: false, message: String::new(), log_entry: Some(entry) }))
    }

    async fn log_batch(
        &self,
        request: Request<LogBatchRequest>,
    ) -> Result<Response<LogBatchResponse>, Status> {
        let entries = request.into_inner().entries;
        self.calls.lock().unwrap().push(entries.len());
        match self.most {
            0 => Err(Status::unimplemented("no batches here")),
            most if entries.len() > most => Err(Status::out_of_range("too large")),
            _ => {
                let result = |entry: LogRequest| match entry.name.as_str() {
                    "bad" => LogResult { outcome: Outcome::Invalid.into(), ..LogResult::default() },
                    _ => LogResult { outcome: Outcome::Stored.into(), ..LogResult::default() },
                };
                let results = entries.into_iter().map(result).collect();
                Ok(Response::new(LogBatchResponse { results }))
            }
        }
    }

    async fn read_logs(&self, _: Request<ReadLogsRequest>) -> Result<Response<ReadLogsResponse>, Status> {
        Err(Status::unimplemented("no reading here"))
    }
}

/// Stores ten entries, of which the fourth can't be, and returns the reports by their places.
async fn ten(logger: Picky) -> Vec<Report> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = Server::builder()
        .add_service(LoggerServiceServer::new(logger))
        .serve_with_incoming(TcpListenerStream::new(listener));
    tokio::spawn(serving);
    let client = Client::lazy(&logger_client::endpoint(&url).unwrap());
    let entry = |place: u32| LogRequest {
        name: if place == 3 { "bad" } else { "n" }.to_owned(),
        id: place.to_string(),
        ..LogRequest::default()
    };
    let entries: Vec<LogRequest> = (0..10).map(entry).collect();
    let later = Deadline::after(Duration::from_secs(60));
    let mut reports = vec![None; entries.len()];
    let call = Call { wait: later, told: later, trace: None };
    client
        .store_all(&entries, call, |place, report| {
            assert!(reports[place].replace(report).is_none(), "{place} twice");
        })
        .await;
    reports.into_iter().map(Option::unwrap).collect()
}

fn check(reports: &[Report]) {
    for (place, report) in reports.iter().enumerate() {
        assert_eq!(report.conduct, Conduct::Answered);
        match place {
            3 => assert!(matches!(report.stored, Err(NotStored::Invalid(_))), "{report:?}"),
            _ => assert!(report.stored.is_ok(), "{report:?}"),
        }
    }
}

#[tokio::test]
async fn a_call_that_is_too_large_is_made_again_by_halves() {
    let logger = Picky { most: 3, ..Picky::default() };
    check(&ten(logger.clone()).await);
    assert_eq!(*logger.calls.lock().unwrap(), [10, 5, 2, 3, 5, 2, 3]);
}

#[tokio::test]
async fn a_logger_without_batches_gets_each_entry_once() {
    let logger = Picky::default();
    check(&ten(logger.clone()).await);
    assert_eq!(*logger.calls.lock().unwrap(), [&[10][..], &[1; 10]].concat());
}
