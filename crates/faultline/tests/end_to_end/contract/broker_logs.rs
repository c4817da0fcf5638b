//! `GET /logs`: the newest entries first, page by page, with the path that each came by.

use mongodb::bson::doc;
use serde_json::{Value, json};

use super::service::{Service, fields};
use super::store::Store;
use super::{millis_of, own};

/// One page.
#[track_caller]
fn page(broker: &Service, query: &str) -> Vec<Value> {
    let data = broker.get(&format!("/logs{query}")).grants(200);
    data.as_array().unwrap_or_else(|| panic!("no list: {data}")).clone()
}

/// Reads on from the newest, page by page, until the entry with this id has come; all that was read, in order.
#[track_caller]
pub(super) fn read_until(broker: &Service, id: &str, limit: usize) -> Vec<Value> {
    let mut read = page(broker, &format!("?limit={limit}"));
    while !read.iter().any(|entry| entry["id"] == id) {
        let last = read.last().unwrap_or_else(|| panic!("nothing at all is stored, {id} was looked for"));
        let after = last["id"].as_str().unwrap_or_else(|| panic!("{last} has no id"));
        let more = page(broker, &format!("?limit={limit}&after={after}"));
        assert!(!more.is_empty(), "{id} is not among the {} entries", read.len());
        assert!(more.len() <= limit, "{} entries, where {limit} were asked for", more.len());
        read.extend(more);
    }
    read
}

fn place(read: &[Value], id: &str) -> usize {
    read.iter().position(|entry| entry["id"] == id).unwrap_or_else(|| panic!("{id} was not read"))
}

#[test]
fn the_newest_come_first_with_the_path_they_came_by() {
    let (broker, store) = (Service::broker(), Store::open());
    let own = own("page");
    // Entries of one millisecond are in the order of their ids: with these, in the order of their making.
    let made = [
        (format!("{own}-1"), "/json-logger", "log-json"),
        (format!("{own}-2"), "/grpc-logger", "log-grpc"),
        (format!("{own}-3"), "/rabbitmq-logger", "log-amqp"),
    ];
    for (id, route, via) in &made {
        let answer = broker.post_as(id, route, &json!({"name": "n", "data": via}));
        assert!(answer.status < 300, "{answer}");
        store.comes(doc! { "_id": id });
    }
    let read = read_until(&broker, &made[0].0, 3);
    for (id, _, via) in &made {
        let entry = &read[place(&read, id)];
        assert_eq!(fields(entry), ["created_at", "data", "id", "name", "via"]);
        assert_eq!((&entry["name"], &entry["data"], &entry["via"]), (&json!("n"), &json!(via), &json!(via)));
        let stored_at = store.entry(id).get_datetime("created_at").expect("a date").timestamp_millis();
        assert_eq!(millis_of(&entry["created_at"]), stored_at);
    }
    let places = made.map(|(id, ..)| place(&read, &id));
    assert!(places.is_sorted_by(|older, newer| newer < older), "{places:?}");
    assert!(read.is_sorted_by_key(|entry| -millis_of(&entry["created_at"])));
}

#[test]
fn a_page_holds_what_was_asked_for_and_goes_on_after_an_id() {
    let broker = Service::broker();
    let ids: Vec<String> = (0..3).map(|n| format!("{}-{n}", own("after"))).collect();
    for id in &ids {
        broker.post_as(id, "/json-logger", &json!({"name": "n", "data": "d"})).grants(200);
    }
    assert_eq!(page(&broker, "?limit=1").len(), 1);
    assert_eq!(page(&broker, "?limit=2").len(), 2);
    assert!((3..=50).contains(&page(&broker, "").len()));
    let next = page(&broker, &format!("?after={}&limit=1000", ids[1]));
    assert!(next.iter().all(|entry| entry["id"] != ids[1].as_str() && entry["id"] != ids[2].as_str()));
}

#[test]
fn a_query_that_means_nothing_is_400() {
    let broker = Service::broker();
    let unknown = own("never-stored");
    for (query, named) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=many", "limit"),
        ("limit=", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("limit=1&limit=2", "limit"),
        ("after=", "after"),
        ("after=a%20b", "after"),
        ("after=%00", "after"),
        ("after=%ff", "after"),
        ("page=2", "page"),
        (&format!("after={unknown}"), &unknown),
        (&format!("after={}", "x".repeat(256)), "255"),
    ] {
        broker.get(&format!("/logs?{query}")).refuses(400, &[named]);
    }
}
