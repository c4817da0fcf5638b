//! What the broker and the other services say of themselves, and to whom the broker speaks.

use http::Method;
use serde_json::json;

use super::service::{Header, JSON, Service};

/// Every service's HTTP.
fn services() -> [Service; 4] {
    let service = |name| Service::at(name, 80);
    [Service::broker(), service("authentication"), service("logger"), service("listener")]
}

#[test]
fn the_greeting_answers_any_json_or_nothing() {
    let broker = Service::broker();
    for body in [json!({}), json!({"any": ["thing"]}), json!(null), json!("text"), json!(7)] {
        broker.post("/", &body).grants(200);
    }
    broker.send(Method::POST, "/", &[], "").grants(200);
    broker.send(Method::POST, "/", &[JSON], "").grants(200);
    broker.send(Method::POST, "/", &[JSON], "{").refuses(400, &["line 1 column 1"]);
}

#[test]
fn every_service_tells_that_it_lives_and_is_ready() {
    for service in services() {
        service.get("/healthz").grants(200);
        let ready = service.get("/readyz").grants(200);
        let dependencies = ready["dependencies"].as_object().expect("what it depends on");
        assert!(!dependencies.is_empty() && dependencies.values().all(|told| told == "ready"), "{ready}");
        // Both ends are ours, so nothing is said against idempotency.
        assert!(ready.get("notes").is_none(), "{ready}");
    }
}

#[test]
fn every_service_counts_for_prometheus() {
    for service in services() {
        service.get("/healthz").grants(200);
        let answer = service.get("/metrics");
        assert_eq!(answer.status, 200);
        assert!(answer.header("content-type").contains("version="), "{:?}", answer.headers);
        let counted = answer.text.lines().any(|line| {
            let count = line.strip_prefix("http_requests_total{route=\"/healthz\",status=\"200\"} ");
            count.is_some_and(|count| count.parse::<u64>().is_ok_and(|count| count > 0))
        });
        assert!(counted && answer.text.contains("# TYPE http_requests counter"), "{}", answer.text);
    }
}

#[test]
fn our_own_page_may_use_what_the_contract_lists_and_no_other() {
    let (broker, page) = (Service::broker(), ("origin", "http://localhost:5173"));
    let wanted = "content-type,idempotency-key,request-timeout";
    for (route, method) in [("/", "POST"), ("/authentication", "POST"), ("/logs", "GET")] {
        let asks: [Header<'_>; 3] =
            [page, ("access-control-request-method", method), ("access-control-request-headers", wanted)];
        let answer = broker.send(Method::OPTIONS, route, &asks, "");
        assert!((200..300).contains(&answer.status), "{answer}");
        assert_eq!(answer.header("access-control-allow-origin"), page.1, "{answer}");
        let list = |name| answer.header(name).to_ascii_lowercase();
        assert_eq!(list("access-control-allow-methods"), "get,post");
        assert_eq!(list("access-control-allow-headers"), wanted);
    }
    // A page must be able to read refusals as well.
    let refused = broker.send(Method::POST, "/json-logger", &[JSON, page], "{");
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (400, page.1));
    for elsewhere in
        ["http://page.example:5173", "https://localhost:5173", "http://localhost:5174", "file://page", "null"]
    {
        let answer = broker.send(Method::GET, "/logs", &[("origin", elsewhere)], "");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{elsewhere}");
    }
}

#[test]
fn unknown_routes_and_wrong_methods_are_told_in_json() {
    for service in services() {
        service.get("/no/such?route=1").refuses(404, &["GET /no/such"]);
        service.post("/healthz", &json!({})).refuses(405, &["POST", "/healthz"]);
    }
    let broker = Service::broker();
    broker.post("/handle", &json!({"action": "log"})).refuses(404, &["POST /handle"]);
    for route in ["/", "/authentication", "/grpc-logger", "/json-logger", "/rabbitmq-logger"] {
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
            let answer = broker.send(method.clone(), route, &[JSON], "");
            answer.refuses(405, &[method.as_str(), route]);
            assert_eq!(answer.header("allow"), "POST");
        }
    }
    broker.post("/logs", &json!({})).refuses(405, &["POST", "/logs"]);
}
