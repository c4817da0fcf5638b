//! Whatever is sent to the ways of logging: the refusal is JSON and names the place, nothing of it is stored,
//! and the system works as before.

use http::Method;
use mongodb::bson::doc;
use serde_json::{Value, json};

use super::own;
use super::service::{Header, JSON, Service};
use super::store::Store;

const ROUTES: [&str; 3] = ["/grpc-logger", "/json-logger", "/rabbitmq-logger"];

/// What is refused in a test. Every refused request brings the mark as its key, its name or its data.
struct Refusals {
    broker: Service,
    mark: String,
}

impl Refusals {
    fn begin() -> Self {
        Self { broker: Service::broker(), mark: own("refused") }
    }

    /// An entry that could be stored, but for what is changed.
    fn entry(&self, changed: &Value) -> String {
        let mut body = json!({"name": self.mark, "data": self.mark});
        for (field, value) in changed.as_object().into_iter().flatten() {
            body[field] = value.clone();
        }
        body.to_string()
    }

    /// Posts it to every way of logging; each refuses.
    #[track_caller]
    fn refused(&self, headers: &[Header<'_>], body: impl Into<Vec<u8>>, status: u16, named: &str) {
        let body = body.into();
        for route in ROUTES {
            let answer = self.broker.send(Method::POST, route, headers, body.clone());
            answer.refuses(status, &[named]);
        }
    }

    /// With a key, so that whatever the body is, its entry would be found.
    #[track_caller]
    fn refused_body(&self, body: impl Into<Vec<u8>>, status: u16, named: &str) {
        self.refused(&[JSON, ("idempotency-key", &self.mark)], body, status, named);
    }

    #[track_caller]
    fn refused_entry(&self, changed: &Value, status: u16, named: &str) {
        self.refused_body(self.entry(changed), status, named);
    }

    /// Every way still works, and nothing that was refused is stored.
    fn end(self) {
        let store = Store::open();
        for route in ROUTES {
            let id = own("afterwards");
            let answer = self.broker.post_as(&id, route, &json!({"name": "n", "data": "d"}));
            assert!(answer.status < 300, "{answer}");
            store.comes(doc! { "_id": &id });
        }
        let mark = &self.mark;
        let stored = store.find(doc! { "$or": [{ "_id": mark }, { "name": mark }, { "data": mark }] });
        assert!(stored.is_empty(), "{stored:?}");
    }
}

#[test]
fn what_is_no_json_is_400_with_its_place() {
    let refusals = Refusals::begin();
    refusals.refused_body("", 400, "empty");
    refusals.refused_body("{", 400, "line 1 column 1");
    refusals.refused_body(&refusals.entry(&json!({}))[..20], 400, "line 1 column 20");
    refusals.refused_body(format!("{} {{}}", refusals.entry(&json!({}))), 400, "trailing characters");
    refusals.refused_body("name=n&data=d", 400, "line 1 column");
    refusals.refused_body([0; 16], 400, "line 1 column 1");
    refusals.refused_body(b"{\"name\":\"n\",\"data\":\"\xff\xfe\"}", 400, "line 1 column 21");
    refusals.refused_body(b"{\"name\":\"\xc3(\",\"data\":\"d\"}", 400, "line 1 column");
    refusals.refused_body(br#"{"name":"\ud800","data":"d"}"#, 400, "line 1 column");
    refusals.refused_body("[".repeat(100_000), 400, "line 1 column");
    refusals.end();
}

#[test]
fn what_is_no_entry_is_400_and_names_the_field() {
    let refusals = Refusals::begin();
    for body in ["{}", "[]", "null", "7", "\"text\""] {
        refusals.refused_body(body, 400, "line 1 column");
    }
    refusals.refused_body(json!([refusals.mark, refusals.mark]).to_string(), 400, "expected an object");
    refusals.refused_body(json!({"name": refusals.mark}).to_string(), 400, "data");
    refusals.refused_body(json!({"data": refusals.mark}).to_string(), 400, "name");
    for value in [json!(7), json!(null), json!(true), json!(["d"]), json!({"d": "d"})] {
        refusals.refused_entry(&json!({"name": value}), 400, "line 1 column");
        refusals.refused_entry(&json!({"data": value}), 400, "line 1 column");
    }
    refusals.refused_entry(&json!({"more": 1}), 400, "more");
    refusals.refused_entry(&json!({"id": "mine"}), 400, "id");
    let repeated = format!(r#"{{"name":"n","name":"n","data":"{}"}}"#, refusals.mark);
    refusals.refused_body(repeated, 400, "name");
    refusals.refused_entry(&json!({"name": ""}), 400, "name");
    refusals.refused_entry(&json!({"data": ""}), 400, "data");
    refusals.refused_entry(&json!({"name": "n\0"}), 400, "NUL");
    refusals.refused_entry(&json!({"data": "\0"}), 400, "NUL");
    for severity in [json!("FATAL"), json!("info"), json!(""), json!(null), json!(1)] {
        refusals.refused_entry(&json!({"severity": severity}), 400, "line 1 column");
    }
    refusals.end();
}

#[test]
fn what_is_too_large_is_413() {
    let refusals = Refusals::begin();
    refusals.refused_entry(&json!({"name": "n".repeat(1025)}), 413, "1024");
    refusals.refused_entry(&json!({"name": "n".repeat(100_000)}), 413, "1024");
    refusals.refused_entry(&json!({"data": "d".repeat(1024 * 1024 + 1)}), 413, "1048576");
    for size in [3, 24] {
        refusals.refused_entry(&json!({"data": "d".repeat(size * 1024 * 1024)}), 413, "larger");
    }
    refusals.end();
}

#[test]
fn a_refusal_arrives_though_nobody_wanted_the_body() {
    let refusals = Refusals::begin();
    let large = refusals.entry(&json!({"data": "d".repeat(24 * 1024 * 1024)}));
    let refused = |route: &str, headers: &[Header<'_>]| {
        refusals.broker.send(Method::POST, route, headers, large.clone())
    };
    refused("/no/such", &[JSON]).refuses(404, &["/no/such"]);
    refused("/logs", &[JSON]).refuses(405, &["/logs"]);
    refused("/json-logger", &[("content-type", "text/plain")]).refuses(415, &["text/plain"]);
    refused("/json-logger", &[JSON, ("request-timeout", "soon")]).refuses(400, &["soon"]);
    refused("/", &[JSON]).refuses(413, &["larger"]);
    refusals.end();
}

#[test]
fn another_content_type_is_415() {
    let refusals = Refusals::begin();
    let entry = refusals.entry(&json!({}));
    let key = ("idempotency-key", &*refusals.mark);
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json", ""] {
        refusals.refused(&[("content-type", kind), key], entry.as_str(), 415, "Content-Type");
    }
    refusals.refused(&[key], entry.as_str(), 415, "Content-Type");
    for kind in ["application/json; charset=utf-8", "Application/JSON"] {
        let headers = [("content-type", kind)];
        let body = json!({"name": own("typed"), "data": "d"}).to_string();
        refusals.broker.send(Method::POST, "/json-logger", &headers, body).grants(200);
    }
    refusals.end();
}

#[test]
fn headers_that_mean_nothing_are_400_and_named() {
    let refusals = Refusals::begin();
    let entry = refusals.entry(&json!({}));
    for key in ["", " ", "a b", "a\tb", "é", &"k".repeat(256), &"k".repeat(4000)] {
        refusals.refused(&[JSON, ("idempotency-key", key)], entry.as_str(), 400, "Idempotency-Key");
    }
    let twice = [JSON, ("idempotency-key", "a"), ("idempotency-key", &*refusals.mark)];
    refusals.refused(&twice, entry.as_str(), 400, "Idempotency-Key");
    for time in
        ["", "-1", "-0.5", "0", "0.0", "soon", "5s", "1e9", "inf", "NaN", "301", "99999999999999999999"]
    {
        let headers = [JSON, ("request-timeout", time)];
        refusals.refused(&headers, entry.as_str(), 400, "Request-Timeout");
        let login = json!({"email": "admin@example.com", "password": "password123"}).to_string();
        let answer = refusals.broker.send(Method::POST, "/authentication", &headers, login);
        answer.refuses(400, &["Request-Timeout"]);
        let answer = refusals.broker.send(Method::GET, "/logs", &headers, "");
        answer.refuses(400, &["Request-Timeout"]);
    }
    refusals.end();
}

#[test]
fn a_traceparent_that_means_nothing_is_passed_over() {
    let broker = Service::broker();
    for trace in ["", "nonsense", "00-0-0-0", "é", &"0".repeat(500)] {
        for route in ROUTES {
            let body = json!({"name": own("traced"), "data": "d"}).to_string();
            let answer = broker.send(Method::POST, route, &[JSON, ("traceparent", trace)], body);
            answer.grants(if route == "/rabbitmq-logger" { 202 } else { 200 });
        }
    }
}

#[test]
fn bodies_that_break_off_are_not_taken_for_whole() {
    let refusals = Refusals::begin();
    let entry = refusals.entry(&json!({}));
    for route in ROUTES {
        let head = format!("POST {route} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n");
        let length = entry.len() + 10;
        let short = format!("{head}content-length: {length}\r\nconnection: close\r\n\r\n{entry}");
        let chunk = format!("{:x}\r\n{entry}\r\n", entry.len());
        let unended = format!("{head}transfer-encoding: chunked\r\nconnection: close\r\n\r\n{chunk}");
        let garbage = format!("{unended}no size\r\n");
        for bytes in [short, unended, garbage] {
            let answer = refusals.broker.send_bytes(bytes.as_bytes());
            let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 400 ");
            assert!(refused, "{bytes}\n{answer}");
        }
    }
    refusals.end();
}
