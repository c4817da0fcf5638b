//! MongoDB's side of the contract: who may log in, and what a document looks like.

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, DateTime, doc};
use serde_json::{Value, json};

use super::broker_logs::read_until;
use super::service::Service;
use super::store::Store;
use super::{millis_of, own};

#[test]
fn the_user_logs_in_at_the_database_and_at_admin_and_only_with_its_password() {
    let broker = Service::broker();
    let id = own("who");
    broker.post_as(&id, "/json-logger", &json!({"name": "n", "data": "d"})).grants(200);
    for url in [
        "mongodb://mongo:password@localhost:27017/logs_db?&ssl=false",
        "mongodb://mongo:password@localhost:27017/logs_db?authSource=admin&ssl=false",
        "mongodb://mongo:password@localhost:27017/logs_db?authSource=admin&readPreference=primary&ssl=false",
        "mongodb://mongo:password@localhost:27017/?authSource=logs_db&directConnection=true",
    ] {
        assert_eq!(
            Store::at(url).try_find(doc! { "_id": &id }).map(|found| found.len()).ok(),
            Some(1),
            "{url}"
        );
    }
    for url in [
        "mongodb://mongo:wrong@localhost:27017/logs_db?&ssl=false",
        "mongodb://mongo:wrong@localhost:27017/logs_db?authSource=admin",
        "mongodb://nobody:password@localhost:27017/logs_db",
        "mongodb://localhost:27017/logs_db",
    ] {
        assert!(Store::at(url).try_find(doc! {}).is_err(), "{url} reads the entries");
    }
}

#[test]
fn a_document_has_the_contracts_fields_and_types_whatever_the_path() {
    let (broker, store) = (Service::broker(), Store::open());
    for route in ["/grpc-logger", "/json-logger", "/rabbitmq-logger"] {
        let id = own("shape");
        let answer = broker.post_as(&id, route, &json!({"name": "n", "data": "d"}));
        assert!(answer.status < 300, "{answer}");
        let document = store.comes(doc! { "_id": &id });
        let mut fields: Vec<&str> = document.keys().map(String::as_str).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["_id", "created_at", "data", "name", "via"], "{route}");
        for field in ["_id", "data", "name", "via"] {
            assert!(matches!(document.get(field), Some(Bson::String(_))), "{route}: {document}");
        }
        assert!(matches!(document.get("created_at"), Some(Bson::DateTime(_))), "{route}: {document}");
    }
}

#[test]
fn entries_of_another_writer_are_read_like_ours() {
    let (broker, store) = (Service::broker(), Store::open());
    let (id, name, now) = (ObjectId::new(), own("foreign"), DateTime::now());
    store.put(doc! { "_id": id, "name": &name, "data": "d", "created_at": now, "updated_at": now });
    let read = read_until(&broker, &id.to_hex(), 50);
    let entry = read.iter().find(|entry| entry["id"] == id.to_hex()).expect("read until it came");
    assert_eq!((&entry["name"], &entry["data"], &entry["via"]), (&json!(name), &json!("d"), &Value::Null));
    assert_eq!(millis_of(&entry["created_at"]), now.timestamp_millis());
}
