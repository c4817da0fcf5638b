//! `POST /rabbitmq-logger`: confirmed by RabbitMQ first, stored by the listener later, once.

use mongodb::bson::doc;
use serde_json::json;
use uuid::Uuid;

use super::own;
use super::service::{Service, fields};
use super::store::{Store, text};

const ROUTE: &str = "/rabbitmq-logger";

#[test]
fn a_confirmed_event_is_stored_whatever_its_severity() {
    let (broker, store) = (Service::broker(), Store::open());
    for severity in [None, Some("INFO"), Some("WARNING"), Some("ERROR")] {
        let (id, name) = (own("event"), own("name"));
        let mut body = json!({"name": name, "data": "to be stored"});
        if let Some(severity) = severity {
            body["severity"] = json!(severity);
        }
        let answer = broker.post_as(&id, ROUTE, &body).grants(202);
        assert_eq!(answer, json!({"id": id, "name": name, "data": "to be stored"}));
        let document = store.comes(doc! { "_id": &id });
        assert_eq!(text(&document, "name"), &*name);
        assert_eq!(text(&document, "data"), "to be stored");
        assert_eq!(text(&document, "via"), "log-amqp");
        document.get_datetime("created_at").expect("a date");
    }
}

#[test]
fn an_event_without_a_key_gets_a_uuid_of_version_7() {
    let (broker, store) = (Service::broker(), Store::open());
    let answer = broker.post(ROUTE, &json!({"name": own("no key"), "data": "d"})).grants(202);
    assert_eq!(fields(&answer), ["data", "id", "name"]);
    let id = answer["id"].as_str().expect("an id");
    assert_eq!(Uuid::parse_str(id).expect("a UUID").get_version_num(), 7);
    store.comes(doc! { "_id": id });
}

#[test]
fn events_with_the_same_key_are_one_entry() {
    let (broker, store) = (Service::broker(), Store::open());
    let (id, name, after) = (own("repeat"), own("repeated"), own("after"));
    let body = json!({"name": name, "data": "d"});
    for answer in broker.post_at_once(4, &id, ROUTE, &body) {
        answer.grants(202);
    }
    broker.post_as(&id, "/grpc-logger", &body).grants(200);
    // What the queue held before this one has been dealt with once this one is stored.
    broker.post_as(&after, ROUTE, &json!({"name": after, "data": "d"})).grants(202);
    store.comes(doc! { "_id": &after });
    assert_eq!(store.find(doc! { "name": &name }).len(), 1);
}
