//! What can never be stored goes to `logs.dead` with the reason; it is never dropped and never blocks the
//! queue.

use lapin::options::QueueDeclareOptions;
use lapin::types::{AMQPValue, FieldTable};
use mongodb::bson::doc;
use serde_json::json;

use super::damaging_way::{Damage, DamagingWay};
use super::own;
use super::rabbit::{Rabbit, bytes, header, properties};
use super::service::Service;
use super::store::{Store, text};
use crate::lab;

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

/// RabbitMQ routes by the keys in the header `CC`, too; a letter that kept it would come back to the queue without an end.
#[test]
fn a_dead_letter_goes_to_no_other_queue_of_its_message() {
    let rabbit = Rabbit::open();
    let (id, other) = (own("copied"), own("copies"));
    let channel = rabbit.channel();
    let exclusive = QueueDeclareOptions { exclusive: true, ..Default::default() };
    let declare = |options| channel.queue_declare(other.as_str().into(), options, FieldTable::default());
    rabbit.wait(declare(exclusive)).expect("a queue of the test's own");
    let mut headers = FieldTable::default();
    // No exchange of the contract binds that queue: only the default one, which dead letters go through, routes to it.
    let keys = vec![AMQPValue::LongString(other.as_str().into())];
    headers.insert("CC".into(), AMQPValue::FieldArray(keys.into()));
    assert!(rabbit.publish("log.ERROR", b"garbage", properties(&id).with_headers(headers)).is_none());
    rabbit.messages("logs.dead", &[id]);
    let copies = rabbit.wait(declare(QueueDeclareOptions { passive: true, ..exclusive })).expect("the queue");
    assert_eq!(copies.message_count(), 0);
}

/// `basic.publish`.
const PUBLISH: u8 = 40;

/// The last byte of the first such text becomes one that UTF-8 does not have.
fn spoil(frame: &mut [u8], text: &[u8]) {
    let place = frame.windows(text.len()).position(|window| window == text).expect("the text");
    frame[place + text.len() - 1] = 0xff;
}

/// What any publisher may send, RabbitMQ takes, and a client library may be unable to read.
#[test]
fn properties_that_nobody_can_read_are_a_dead_letter_and_hold_nothing_up() {
    let (rabbit, store) = (Rabbit::open(), Store::open());
    let way = DamagingWay::open(&lab::shared(), Damage::of_properties(|frame| spoil(frame, b"unreadable")));
    let (bad, good) = (own("unreadable"), own("good"));
    let body = json!({"type": "log", "name": "n", "data": "d"}).to_string();
    // Into the queue alone: other tests' queues have readers that this would be too much for.
    Rabbit::by(way.address).publish_to("", "logs", body.as_bytes(), properties(&bad));
    assert!(way.is_done());
    rabbit.publish("log.INFO", body.as_bytes(), properties(&good));
    store.comes(doc! { "_id": &good });

    let unique = bad.trim_start_matches("unreadable");
    let holds = |message: &lapin::message::Delivery, unique: &str| {
        let bytes = bytes(message, "x-faultline-unreadable");
        bytes.windows(unique.len()).any(|window| window == unique.as_bytes())
    };
    let dead = rabbit.messages_that("logs.dead", &[unique.to_owned()], holds);
    let reason = header(&dead[0], "x-faultline-reason");
    assert!(reason.contains("properties can't be read"), "{reason}");
    assert_eq!(dead[0].data, body.as_bytes());
}

#[test]
fn a_routing_key_that_is_no_text_does_not_keep_an_entry_from_being_stored() {
    let store = Store::open();
    let way =
        DamagingWay::open(&lab::shared(), Damage::of_clients(PUBLISH, |frame| spoil(frame, b"log.INFO")));
    let id = own("key");
    let body = json!({"type": "log", "name": "n", "data": "d"}).to_string();
    Rabbit::by(way.address).publish("log.INFO", body.as_bytes(), properties(&id));
    assert!(way.is_done());
    store.comes(doc! { "_id": &id });
}
