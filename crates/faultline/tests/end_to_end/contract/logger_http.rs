//! The logger's `POST /log`, asked directly.

use http::Method;
use mongodb::bson::doc;
use serde_json::json;

use super::service::{JSON, Service};
use super::store::{Store, text};
use super::{millis_of, own};

#[test]
fn it_stores_with_an_id_or_makes_one() {
    let (logger, store) = (Service::at("logger", 80), Store::open());
    let (id, name) = (own("log"), own("name"));
    let body = json!({"id": id, "name": name, "data": "d"});
    let answer = logger.post("/log", &body).grants(200);
    assert_eq!((&answer["id"], &answer["name"], &answer["data"]), (&json!(id), &json!(name), &json!("d")));
    let document = store.entry(&id);
    let stored_at = document.get_datetime("created_at").expect("a date").timestamp_millis();
    assert_eq!(millis_of(&answer["created_at"]), stored_at);
    assert_eq!(text(&document, "via"), "log-json");
    assert_eq!(logger.post("/log", &body).grants(200), answer, "a repeat is answered like the first");
    assert_eq!(store.find(doc! { "name": &name }).len(), 1);
    logger.post("/log", &json!({"id": id, "name": name, "data": "other"})).refuses(409, &[&id]);

    let made = logger.post("/log", &json!({"name": own("no id"), "data": "d"})).grants(200);
    store.entry(made["id"].as_str().expect("an id"));
}

#[test]
fn it_refuses_what_it_can_not_store() {
    let (logger, store, name) = (Service::at("logger", 80), Store::open(), own("refused"));
    for (body, named) in [
        (json!({"data": "d"}), "name"),
        (json!({"name": name}), "data"),
        (json!({"name": "", "data": name}), "name"),
        (json!({"name": name, "data": ""}), "data"),
        (json!({"name": name, "data": "a\0"}), "NUL"),
        (json!({"name": name, "data": 7}), "line 1 column"),
        (json!({"id": "", "name": name, "data": "d"}), "1 to 255"),
        (json!({"id": "a b", "name": name, "data": "d"}), "1 to 255"),
        (json!({"id": 7, "name": name, "data": "d"}), "line 1 column"),
        (json!({"name": name, "data": "d", "more": 1}), "more"),
    ] {
        logger.post("/log", &body).refuses(400, &[named]);
    }
    logger.send(Method::POST, "/log", &[JSON], "").refuses(400, &["empty"]);
    logger.send(Method::POST, "/log", &[], json!({"name": name, "data": "d"}).to_string()).refuses(415, &[]);
    let timeout = [JSON, ("request-timeout", "-1")];
    let answer = logger.send(Method::POST, "/log", &timeout, json!({"name": name, "data": "d"}).to_string());
    answer.refuses(400, &["Request-Timeout"]);
    logger.get("/log").refuses(405, &["GET", "/log"]);
    let stored = store.find(doc! { "$or": [{ "name": &name }, { "data": &name }] });
    assert!(stored.is_empty(), "{stored:?}");
}
