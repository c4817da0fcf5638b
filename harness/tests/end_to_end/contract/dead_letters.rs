//! What can never be stored goes to `logs.dead` with the reason; it is never dropped and never blocks the
//! queue.

use mongodb::bson::doc;
use serde_json::json;

use super::own;
use super::rabbit::{Rabbit, header, properties};
use super::service::Service;
use super::store::{Store, text};

/// A message that can't be stored: its body, and what its reason must name.
struct Letter {
    body: Vec<u8>,
    named: &'static str,
}

fn letter(body: impl Into<Vec<u8>>, named: &'static str) -> Letter {
    Letter { body: body.into(), named }
}

fn letters() -> Vec<Letter> {
    let json = |body: serde_json::Value, named| letter(body.to_string(), named);
    vec![
        json(json!({"type": "mail", "name": "n", "data": "d"}), "\"mail\""),
        json(json!({"type": 7, "name": "n", "data": "d"}), "line 1 column"),
        json(json!({"type": "log", "name": "n"}), "data"),
        json(json!({"type": "log", "name": "", "data": "d"}), "name"),
        json(json!({"type": "log", "name": "n", "data": "a\0"}), "NUL"),
        json(json!({"type": "log", "name": "n".repeat(1025), "data": "d"}), "1024"),
        json(json!({"type": "log", "name": "n", "data": "d".repeat(1024 * 1024 + 1)}), "1048576"),
        json(json!(["log", "n", "d"]), "expected an object"),
        letter("", "line 1 column 0"),
        letter("garbage", "line 1 column 1"),
        letter("{\"type\":\"log\",\"name\":\"n\",\"data\":", "line 1 column"),
        letter(b"{\"name\":\"n\",\"data\":\"\xff\"}", "line 1 column"),
        letter([0; 64], "line 1 column 1"),
    ]
}

#[test]
fn what_can_never_be_stored_is_kept_with_the_reason() {
    let (rabbit, store) = (Rabbit::open(), Store::open());
    let mut letters = letters();
    let mut ids: Vec<String> = letters.iter().map(|_| own("dead")).collect();
    // An id that no entry can have, on a body that any entry could.
    letters.push(letter(json!({"type": "log", "name": "n", "data": "d"}).to_string(), "message_id"));
    ids.push(own("dead with spaces"));
    for (letter, id) in letters.iter().zip(&ids) {
        assert!(rabbit.publish("log.ERROR", &letter.body, properties(id)).is_none());
    }
    let good = own("good");
    let body = json!({"type": "log", "name": "n", "data": "d"}).to_string();
    rabbit.publish("log.INFO", body.as_bytes(), properties(&good));
    store.comes(doc! { "_id": &good });

    let dead = rabbit.messages("logs.dead", &ids);
    for (message, letter) in dead.iter().zip(&letters) {
        let reason = header(message, "x-faultline-reason");
        assert!(reason.contains(letter.named), "{:?} is not in the reason: {reason}", letter.named);
        assert!(message.data == letter.body, "the letter is not what was sent; its reason: {reason}");
    }
    let stored = store.find(doc! { "_id": { "$in": &ids } });
    assert!(stored.is_empty(), "{stored:?}");
}

#[test]
fn an_event_whose_id_is_taken_by_other_content_is_a_dead_letter() {
    let (broker, rabbit, store) = (Service::broker(), Rabbit::open(), Store::open());
    let id = own("taken");
    broker.post_as(&id, "/grpc-logger", &json!({"name": "n", "data": "first"})).grants(200);
    broker.post_as(&id, "/rabbitmq-logger", &json!({"name": "n", "data": "second"})).grants(202);
    let dead = rabbit.messages("logs.dead", std::slice::from_ref(&id));
    assert!(header(&dead[0], "x-faultline-reason").contains(&id), "{:?}", dead[0].properties);
    assert_eq!(text(&store.entry(&id), "data"), "first");
}
