//! RabbitMQ's side of the contract: exchange, queues, the message, and who may publish and consume.

use std::time::{SystemTime, UNIX_EPOCH};

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, ErrorKind, ExchangeKind};
use mongodb::bson::doc;
use serde_json::{Value, json};

use super::own;
use super::rabbit::{EXCHANGE, Rabbit, header, properties};
use super::service::{JSON, Service};
use super::store::{Store, text};

/// What RabbitMQ answers to a declaration that differs from what is there.
const PRECONDITION_FAILED: u16 = 406;

const QUORUM: &[(&str, &str)] = &[("x-queue-type", "quorum")];
const QUORUM_WITH_DEAD_LETTERS: &[(&str, &str)] =
    &[("x-queue-type", "quorum"), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "logs.dead")];

/// The reply code of a refusal.
fn code<T>(declared: lapin::Result<T>) -> Option<u16> {
    match declared.err()?.kind() {
        ErrorKind::ProtocolError(error) => Some(error.get_id()),
        other => panic!("no word of RabbitMQ: {other:?}"),
    }
}

fn declare_queue(rabbit: &Rabbit, name: &str, durable: bool, arguments: &[(&str, &str)]) -> Option<u16> {
    let mut table = FieldTable::default();
    for (name, value) in arguments {
        table.insert((*name).into(), AMQPValue::LongString((*value).into()));
    }
    let options = QueueDeclareOptions { durable, ..Default::default() };
    code(rabbit.wait(rabbit.channel().queue_declare(name.into(), options, table)))
}

fn declare_exchange(rabbit: &Rabbit, kind: ExchangeKind, durable: bool) -> Option<u16> {
    let options = ExchangeDeclareOptions { durable, ..Default::default() };
    code(rabbit.wait(rabbit.channel().exchange_declare(
        EXCHANGE.into(),
        kind,
        options,
        FieldTable::default(),
    )))
}

#[test]
fn another_implementation_can_declare_what_the_contract_says_and_nothing_else() {
    let rabbit = Rabbit::open();
    assert_eq!(declare_exchange(&rabbit, ExchangeKind::Topic, true), None);
    assert_eq!(declare_exchange(&rabbit, ExchangeKind::Topic, false), Some(PRECONDITION_FAILED));
    assert_eq!(declare_exchange(&rabbit, ExchangeKind::Fanout, true), Some(PRECONDITION_FAILED));
    assert_eq!(declare_queue(&rabbit, "logs", true, QUORUM_WITH_DEAD_LETTERS), None);
    assert_eq!(declare_queue(&rabbit, "logs.dead", true, QUORUM), None);
    for arguments in [&[][..], QUORUM, &QUORUM_WITH_DEAD_LETTERS[1..]] {
        let refused = declare_queue(&rabbit, "logs", true, arguments);
        assert_eq!(refused, Some(PRECONDITION_FAILED), "{arguments:?}");
    }
    assert_eq!(declare_queue(&rabbit, "logs.dead", true, &[]), Some(PRECONDITION_FAILED));
}

#[test]
fn the_queue_takes_every_key_of_logs_and_no_other() {
    let (rabbit, store) = (Rabbit::open(), Store::open());
    for key in ["log.INFO", "log.WARNING", "log.ERROR", "log.of-another-kind"] {
        let id = own("key");
        let body = json!({"type": "log", "name": key, "data": id});
        assert!(rabbit.publish(key, body.to_string().as_bytes(), properties(&id)).is_none(), "{key}");
        let document = store.comes(doc! { "_id": &id });
        let stored = [text(&document, "name"), text(&document, "data"), text(&document, "via")];
        assert_eq!(stored, [key, &*id, "log-amqp"]);
    }
    for key in ["log", "log.INFO.more", "mail.INFO"] {
        assert!(rabbit.publish(key, b"{}", properties(&own("key"))).is_some(), "{key} was taken");
    }
}

#[test]
fn an_absent_type_means_log_and_other_fields_and_properties_may_be_absent() {
    let (rabbit, store, id) = (Rabbit::open(), Store::open(), own("absent"));
    let bare = BasicProperties::default().with_message_id(id.as_str().into());
    let body = json!({"name": "n", "data": "d"}).to_string();
    assert!(rabbit.publish("log.INFO", body.as_bytes(), bare).is_none());
    store.comes(doc! { "_id": &id });
}

#[test]
fn a_message_without_an_id_is_stored_once() {
    let (rabbit, store) = (Rabbit::open(), Store::open());
    let (name, after) = (own("no id"), own("after"));
    let body = json!({"type": "log", "name": name, "data": "d"}).to_string();
    assert!(rabbit.publish("log.INFO", body.as_bytes(), BasicProperties::default()).is_none());
    let document = store.comes(doc! { "name": &name });
    assert!(!text(&document, "_id").is_empty(), "{document}");
    // Whatever came of the first has come once one that was published after it is stored.
    let last = json!({"type": "log", "name": after, "data": "d"}).to_string();
    assert!(rabbit.publish("log.INFO", last.as_bytes(), properties(&after)).is_none());
    store.comes(doc! { "_id": &after });
    assert_eq!(store.find(doc! { "name": &name }).len(), 1);
}

/// A queue beside the listener's, which gets what is published with these severities. It stays until the system ends: of
/// a message that meets a queue which is just going, RabbitMQ says that it was not taken, to whoever published it.
fn listen(rabbit: &Rabbit, severities: [&str; 3]) -> String {
    let channel = rabbit.channel();
    let declaring = async {
        let options = QueueDeclareOptions { durable: true, ..Default::default() };
        let queue = channel.queue_declare(own("heard").into(), options, FieldTable::default()).await?;
        for severity in severities {
            let (options, table) = (QueueBindOptions::default(), FieldTable::default());
            let (queue, key) = (queue.name().clone(), format!("log.{severity}"));
            channel.queue_bind(queue, EXCHANGE.into(), key.into(), options, table).await?;
        }
        Ok::<_, lapin::Error>(queue.name().to_string())
    };
    rabbit.wait(declaring).expect("a queue")
}

#[test]
fn what_the_broker_publishes_is_what_another_listener_expects() {
    let (broker, rabbit) = (Service::broker(), Rabbit::open());
    let severities = ["INFO", "WARNING", "ERROR"];
    let queue = listen(&rabbit, severities);
    let trace = uuid::Uuid::new_v4().simple().to_string();
    let traceparent = format!("00-{trace}-00f067aa0ba902b7-01");
    let ids = severities.map(|_| own("published"));
    for (id, severity) in ids.iter().zip(severities) {
        let headers = [JSON, ("idempotency-key", id), ("traceparent", &traceparent)];
        let body = json!({"name": "n", "data": "d\u{e9}", "severity": severity}).to_string();
        broker.send(http::Method::POST, "/rabbitmq-logger", &headers, body).grants(202);
    }
    let messages = rabbit.messages(&queue, &ids);
    for (message, severity) in messages.iter().zip(severities) {
        assert_eq!(
            (message.exchange.as_str(), message.routing_key.to_string()),
            (EXCHANGE, format!("log.{severity}"))
        );
        let body: Value = serde_json::from_slice(&message.data).expect("JSON");
        assert_eq!(body, json!({"type": "log", "name": "n", "data": "d\u{e9}"}));
        let properties = &message.properties;
        assert_eq!(properties.content_type().as_ref().map(|kind| kind.as_str()), Some("application/json"));
        assert_eq!(properties.delivery_mode(), &Some(2));
        assert_eq!(properties.expiration(), &None, "what was acknowledged must not expire");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
        assert!(properties.timestamp().is_some_and(|at| now.abs_diff(at) < 300), "{properties:?}");
        assert!(header(message, "traceparent").starts_with(&format!("00-{trace}-")), "{properties:?}");
    }
}
