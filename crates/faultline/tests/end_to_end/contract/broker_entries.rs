//! `POST /grpc-logger` and `POST /json-logger`: acknowledged means stored, once, as it was sent.

use mongodb::bson::doc;
use serde_json::{Value, json};
use uuid::Uuid;

use super::service::{Service, fields};
use super::store::{Store, text};
use super::{millis_of, own};

/// The routes, and the path that their entries come by.
const ROUTES: [(&str, &str); 2] = [("/grpc-logger", "log-grpc"), ("/json-logger", "log-json")];

#[test]
fn an_acknowledged_entry_is_stored_as_it_was_sent() {
    let (broker, store) = (Service::broker(), Store::open());
    for (route, via) in ROUTES {
        let (id, name) = (own("entry"), own("näme 名"));
        let data = "two\nlines, \"quotes\", \\, \u{1} and \u{1F600}";
        let answer = broker.post_as(&id, route, &json!({"name": name, "data": data})).grants(200);
        assert_eq!(fields(&answer), ["created_at", "data", "id", "name"]);
        assert_eq!(
            (&answer["id"], &answer["name"], &answer["data"]),
            (&json!(id), &json!(name), &json!(data))
        );
        // Without waiting: the answer came after the store had confirmed.
        let document = store.entry(&id);
        assert_eq!(text(&document, "name"), &*name);
        assert_eq!(text(&document, "data"), data);
        assert_eq!(text(&document, "via"), via);
        let stored_at = document.get_datetime("created_at").expect("a date").timestamp_millis();
        assert_eq!(stored_at, millis_of(&answer["created_at"]));
    }
}

#[test]
fn without_a_key_the_broker_makes_a_uuid_of_version_7() {
    let (broker, store) = (Service::broker(), Store::open());
    for (route, _) in ROUTES {
        let body = json!({"name": own("no key"), "data": "d"});
        let ids = [broker.post(route, &body), broker.post(route, &body)].map(|answer| {
            let id = answer.grants(200)["id"].as_str().expect("an id").to_owned();
            assert_eq!(Uuid::parse_str(&id).expect("a UUID").get_version_num(), 7);
            store.entry(&id);
            id
        });
        assert_ne!(ids[0], ids[1], "without a key, the same content twice is two entries");
    }
}

#[test]
fn a_repeat_is_answered_like_the_first_and_stores_nothing_twice() {
    let (broker, store) = (Service::broker(), Store::open());
    for (route, via) in ROUTES {
        let (id, name) = (own("repeat"), own("repeated"));
        let body = json!({"name": name, "data": "d"});
        let first = broker.post_as(&id, route, &body).grants(200);
        for (again, _) in ROUTES {
            assert_eq!(broker.post_as(&id, again, &body).grants(200), first, "{route}, then {again}");
        }
        let found = store.find(doc! { "name": &name });
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(text(&found[0], "via"), via);
    }
}

#[test]
fn repeats_that_come_at_once_are_one_entry() {
    let (broker, store) = (Service::broker(), Store::open());
    for (route, _) in ROUTES {
        let (id, name) = (own("race"), own("raced"));
        let answers = broker.post_at_once(12, &id, route, &json!({"name": name, "data": "d"}));
        let told: Vec<Value> = answers.iter().map(|answer| answer.grants(200)).collect();
        assert!(told.iter().all(|answer| *answer == told[0]), "{told:?}");
        assert_eq!(store.find(doc! { "name": &name }).len(), 1);
    }
}

#[test]
fn an_id_that_is_used_again_with_other_content_is_409() {
    let (broker, store) = (Service::broker(), Store::open());
    for (route, _) in ROUTES {
        let (id, name) = (own("taken"), own("first"));
        broker.post_as(&id, route, &json!({"name": name, "data": "first"})).grants(200);
        let others =
            [json!({"name": name, "data": "second"}), json!({"name": own("other"), "data": "first"})];
        for (other, (again, _)) in others.iter().zip(ROUTES) {
            broker.post_as(&id, again, other).refuses(409, &[&id]);
        }
        let document = store.entry(&id);
        assert_eq!((text(&document, "name"), text(&document, "data")), (&*name, "first"));
    }
}

#[test]
fn the_largest_entry_that_is_taken_is_stored_whole() {
    let (broker, store) = (Service::broker(), Store::open());
    for route in ["/grpc-logger", "/json-logger", "/rabbitmq-logger"] {
        let id = format!("{:~<255}", own("largest"));
        let (name, data) = ("n".repeat(1024), "é".repeat(512 * 1024));
        let answer = broker.post_as(&id, route, &json!({"name": name, "data": data}));
        assert!(answer.status < 300, "{route}: {}", answer.status);
        let document = store.comes(doc! { "_id": &id });
        assert!(text(&document, "name") == &*name && text(&document, "data") == &*data, "{route}");
    }
}
