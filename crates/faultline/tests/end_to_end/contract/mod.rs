//! The contract of each path, on the real system: what clients, database tools and other implementations of
//! a service may rely on, asked from outside.
//!
//! All tests share one system and break nothing in it. Each uses ids, names and addresses of its own.

mod bad_input;
mod broker_door;
mod broker_entries;
mod broker_events;
mod broker_logs;
mod damaged_frames;
mod damaging_way;
mod dead_letters;
mod documents;
mod logger_grpc;
mod logger_http;
mod login;
mod messages;
mod programs;
mod rabbit;
mod service;
mod store;
mod users_table;

use std::time::Duration;

/// How long anything may take that the contract does not promise at once. Only a test that fails waits it out.
const PATIENCE: Duration = Duration::from_secs(30);

/// An id, name or text that no other test has.
fn own(what: &str) -> String {
    format!("{what}-{}", uuid::Uuid::new_v4())
}

/// Checks that a text is a moment in RFC 3339 and UTC, and tells it in milliseconds since 1970.
#[track_caller]
fn millis_of(moment: &serde_json::Value) -> i64 {
    use time::format_description::well_known::Rfc3339;
    let text = moment.as_str().unwrap_or_else(|| panic!("{moment} is no text"));
    let read = time::OffsetDateTime::parse(text, &Rfc3339);
    let read = read.unwrap_or_else(|error| panic!("{text} is not RFC 3339: {error}"));
    assert!(read.offset().is_utc(), "{text} is not in UTC");
    i64::try_from(read.unix_timestamp_nanos() / 1_000_000).expect("a year that exists")
}
