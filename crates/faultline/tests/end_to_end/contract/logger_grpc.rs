//! The logger's gRPC, called directly: by clients that know all of it, and by those that know only the first
//! fields.

use std::future::Future;
use std::sync::Arc;

use mongodb::bson::doc;
use serde_json::json;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1 as reflection;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use wire::grpc::logger_service_client::LoggerServiceClient;
use wire::grpc::{LogBatchRequest, LogEntry, LogRequest, LogResponse, Outcome, ReadLogsRequest};

use super::store::{Store, text};
use super::{PATIENCE, millis_of, own};
use crate::lab::{self, Shared};

/// The logger, reached as a client on the host reaches it.
struct Logger {
    system: Arc<Shared>,
    channel: Channel,
}

impl Logger {
    fn open() -> Self {
        let system = lab::shared();
        let url = format!("http://{}", system.address("logger", 50001));
        let endpoint = Endpoint::from_shared(url).expect("a URL").timeout(PATIENCE);
        let channel = system.block_on(endpoint.connect()).expect("a connection");
        Self { system, channel }
    }

    fn wait<F: Future>(&self, work: F) -> F::Output {
        self.system.block_on(work)
    }

    fn client(&self) -> LoggerServiceClient<Channel> {
        LoggerServiceClient::new(self.channel.clone())
    }

    fn log(&self, request: LogRequest) -> Result<LogResponse, Status> {
        self.wait(self.client().log_activity(request)).map(tonic::Response::into_inner)
    }

    fn batch(&self, entries: Vec<LogRequest>) -> Result<Vec<(Outcome, String)>, Status> {
        let answer = self.wait(self.client().log_batch(LogBatchRequest { entries }))?.into_inner();
        Ok(answer.results.into_iter().map(|result| (result.outcome(), result.message)).collect())
    }

    fn read(&self, limit: u32, after: &str) -> Result<Vec<LogEntry>, Status> {
        let request = ReadLogsRequest { limit, after: after.to_owned() };
        Ok(self.wait(self.client().read_logs(request))?.into_inner().entries)
    }
}

fn request(id: &str, name: &str, data: &str) -> LogRequest {
    LogRequest { id: id.to_owned(), name: name.to_owned(), data: data.to_owned(), ..LogRequest::default() }
}

#[test]
fn a_client_that_knows_only_name_and_data_is_served() {
    let (logger, store, name) = (Logger::open(), Store::open(), own("foreign"));
    let answer = logger.log(request("", &name, "d")).expect("stored");
    let entry = answer.log_entry.expect("an entry");
    assert!(!answer.error && !answer.message.is_empty());
    assert_eq!((&*entry.name, &*entry.data), (&*name, "d"));
    let document = store.entry(&entry.id);
    assert_eq!((text(&document, "name"), text(&document, "via")), (&*name, "log-grpc"));
    let stored_at = document.get_datetime("created_at").expect("a date").timestamp_millis();
    assert_eq!(millis_of(&json!(entry.created_at)), stored_at);
}

#[test]
fn an_id_and_a_path_are_kept_and_a_repeat_is_answered_like_the_first() {
    let (logger, store, name) = (Logger::open(), Store::open(), own("mine"));
    let id = own("grpc");
    let sent = LogRequest { via: "log-amqp".to_owned(), ..request(&id, &name, "d") };
    let first = logger.log(sent.clone()).expect("stored");
    let entry = first.log_entry.clone().expect("an entry");
    assert_eq!((&*entry.id, &*entry.via), (&*id, "log-amqp"));
    assert_eq!(logger.log(sent).expect("stored before"), first);
    let found = store.find(doc! { "name": &name });
    assert_eq!(found.len(), 1);
    assert_eq!(text(&found[0], "via"), "log-amqp");
}

#[test]
fn what_can_not_be_stored_is_told_by_its_code() {
    let (logger, store, name) = (Logger::open(), Store::open(), own("refused"));
    let (taken, long) = (own("taken"), "x".repeat(1024 * 1024 + 1));
    logger.log(request(&taken, "n", "first")).expect("stored");
    for (sent, code, named) in [
        (request(&taken, &name, "second"), Code::AlreadyExists, &*taken),
        (request("", "", &name), Code::InvalidArgument, "name"),
        (request("", &name, ""), Code::InvalidArgument, "data"),
        (request("", &name, "a\0"), Code::InvalidArgument, "NUL"),
        (request("", &long[..1025], &name), Code::InvalidArgument, "1024"),
        (request("", &name, &long), Code::InvalidArgument, "1048576"),
        (request("a b", &name, "d"), Code::InvalidArgument, "id"),
        (request(&long[..256], &name, "d"), Code::InvalidArgument, "255"),
        (LogRequest { via: "mail".to_owned(), ..request("", &name, "d") }, Code::InvalidArgument, "via"),
    ] {
        let refused = logger.log(sent).expect_err(named);
        assert_eq!(refused.code(), code, "{refused:?}");
        assert!(refused.message().contains(named), "{named:?} is not in {refused:?}");
    }
    let mut absurd = Request::new(request("", &name, "d"));
    absurd.metadata_mut().insert("grpc-timeout", "-1S".parse().expect("a text"));
    let refused = logger.wait(logger.client().log_activity(absurd)).expect_err("an absurd deadline");
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
    let stored = store.find(doc! { "$or": [{ "name": &name }, { "data": &name }] });
    assert!(stored.is_empty(), "{stored:?}");
    assert_eq!(text(&store.entry(&taken), "data"), "first");
}

#[test]
fn a_batch_has_a_result_for_each_entry_in_their_order() {
    let (logger, store, name) = (Logger::open(), Store::open(), own("batch"));
    let [id, other, made] = [own("a"), own("b"), own("c")];
    let results = logger.batch(vec![
        request(&id, &name, "d"),
        request("", "", "d"),
        request(&other, &name, "d"),
        request(&id, &name, "d"),
        request(&other, &name, "another"),
        request(&made, &name, "d"),
    ]);
    let results = results.expect("a result for each");
    let outcomes: Vec<Outcome> = results.iter().map(|(outcome, _)| *outcome).collect();
    let (stored, invalid, conflict) = (Outcome::Stored, Outcome::Invalid, Outcome::Conflict);
    assert_eq!(outcomes, [stored, invalid, stored, stored, conflict, stored]);
    assert!(results[1].1.contains("name") && results[4].1.contains(&other), "{results:?}");
    let mut ids: Vec<String> =
        store.find(doc! { "name": &name }).iter().map(|document| text(document, "_id").to_owned()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [id, other.clone(), made]);
    assert_eq!(text(&store.entry(&other), "data"), "d");
    assert_eq!(logger.batch(Vec::new()).expect("no result for none"), []);
    let refused = logger.batch(vec![request("", &name, "d"); 1001]).expect_err("more than a call may bring");
    assert_eq!((refused.code(), refused.message().contains("1000")), (Code::InvalidArgument, true));
}

#[test]
fn entries_are_read_newest_first() {
    let logger = Logger::open();
    let ids: Vec<String> = (0..3).map(|n| format!("{}-{n}", own("read"))).collect();
    for id in &ids {
        logger.log(request(id, "n", "d")).expect("stored");
    }
    assert_eq!(logger.read(2, "").expect("a page").len(), 2);
    let page = logger.read(1000, &ids[2]).expect("a page");
    let places: Vec<Option<usize>> =
        ids.iter().map(|id| page.iter().position(|entry| entry.id == *id)).collect();
    assert!(places[2].is_none() && places[1].is_some() && places[1] < places[0], "{places:?}");
    assert!(page.is_sorted_by_key(|entry| -millis_of(&json!(entry.created_at))));
    for (limit, after) in [(1001, ""), (10, "never-stored")] {
        assert_eq!(logger.read(limit, after).expect_err(after).code(), Code::InvalidArgument);
    }
}

#[test]
fn the_health_service_says_serving() {
    let logger = Logger::open();
    for service in ["", "logger.LoggerService"] {
        let mut client = HealthClient::new(logger.channel.clone());
        let answer = logger.wait(client.check(HealthCheckRequest { service: service.to_owned() }));
        assert_eq!(answer.expect("an answer").get_ref().status(), ServingStatus::Serving, "{service:?}");
    }
    let mut client = HealthClient::new(logger.channel.clone());
    let unknown = logger.wait(client.check(HealthCheckRequest { service: "logger.Other".to_owned() }));
    assert_eq!(unknown.expect_err("no such service").code(), Code::NotFound);
}

#[test]
fn reflection_is_off_unless_it_is_asked_for() {
    let logger = Logger::open();
    let message_request = Some(MessageRequest::ListServices(String::new()));
    let question = reflection::ServerReflectionRequest { host: String::new(), message_request };
    let asking = async {
        let mut client = ServerReflectionClient::new(logger.channel.clone());
        client.server_reflection_info(futures::stream::iter([question])).await.map(drop)
    };
    let refused = logger.wait(asking).expect_err("no reflection");
    assert_eq!(refused.code(), Code::Unimplemented, "{refused}");
}
