//! `POST /authentication`, at the broker and at the authentication service itself: the same answers.

use http::Method;
use serde_json::{Value, json};

use super::service::{JSON, Service, fields};
use super::{millis_of, own};

const ROUTE: &str = "/authentication";

/// Whoever answers on that route.
fn doors() -> [Service; 2] {
    [Service::broker(), Service::at("authentication", 80)]
}

fn credentials(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password})
}

#[test]
fn the_contracts_user_logs_in_and_the_hash_is_never_told() {
    for door in doors() {
        for email in ["admin@example.com", "Admin@EXAMPLE.com"] {
            let answer = door.post(ROUTE, &credentials(email, "password123"));
            let user = answer.grants(200);
            assert_eq!(fields(&user), ["created_at", "email", "first_name", "id", "last_name"]);
            assert_eq!(user["email"], "admin@example.com");
            assert!(user["id"].is_i64() && user["first_name"].is_string() && user["last_name"].is_string());
            millis_of(&user["created_at"]);
            assert!(!answer.text.contains("$2"), "{answer}");
        }
    }
}

#[test]
fn a_wrong_password_and_an_unknown_user_are_the_same() {
    for door in doors() {
        let wrong = door.post(ROUTE, &credentials("admin@example.com", &own("wrong")));
        let unknown =
            door.post(ROUTE, &credentials(&format!("{}@example.com", own("nobody")), "password123"));
        wrong.refuses(401, &[]);
        assert_eq!((unknown.status, &unknown.text), (wrong.status, &wrong.text));
        // Being told must not differ in what surrounds it either.
        let names = |headers: &http::HeaderMap| headers.keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(&unknown.headers), names(&wrong.headers));
        door.post(ROUTE, &credentials("admin@example.com", "password123")).grants(200);
    }
}

#[test]
fn what_can_be_nobodys_is_400_and_names_its_field() {
    let long = "x".repeat(1025);
    for door in doors() {
        for (body, named) in [
            (json!({}), "email"),
            (json!({"email": "a@example.com"}), "password"),
            (json!({"password": "x"}), "email"),
            (json!({"email": 7, "password": "x"}), "line 1 column"),
            (json!({"email": "a@example.com", "password": null}), "line 1 column"),
            (json!({"email": "a@example.com", "password": "x", "more": 1}), "more"),
            (json!(["a@example.com", "x"]), "expected an object"),
            (credentials("", "x"), "email"),
            (credentials("a@example.com", ""), "password"),
            (credentials("no address", "x"), "email"),
            (credentials("a\0@example.com", "x"), "email"),
            (credentials(&format!("{}@example.com", &long[..250]), "x"), "254"),
            (credentials("a@example.com", &long), "1024"),
        ] {
            door.post(ROUTE, &body).refuses(400, &[named]);
        }
        let raw = |body: &[u8]| door.send(Method::POST, ROUTE, &[JSON], body.to_vec());
        raw(b"").refuses(400, &["empty"]);
        raw(b"{\"email\"").refuses(400, &["line 1 column 8"]);
        raw(b"{\"email\":\"a@b\",\"password\":\"\xff\"}").refuses(400, &["line 1 column"]);
        door.send(Method::POST, ROUTE, &[("content-type", "text/plain")], "{}").refuses(415, &["text/plain"]);
        raw(&vec![b' '; 3 * 1024 * 1024]).refuses(413, &["larger"]);
        door.get(ROUTE).refuses(405, &["GET", ROUTE]);
    }
}

#[test]
fn repeated_failures_of_an_account_are_throttled_for_it_alone() {
    let [broker, itself] = doors();
    let email = format!("{}@example.com", own("guessed"));
    let mut answers = (0..30).map(|n| broker.post(ROUTE, &credentials(&email, &format!("guess {n}"))));
    let throttled = answers.find(|answer| {
        assert!([401, 429].contains(&answer.status), "{answer}");
        answer.status == 429
    });
    let throttled = throttled.expect("a bound on guesses");
    throttled.refuses(429, &["try again in"]);
    let wait = throttled.header("retry-after").parse::<u64>();
    assert!(wait.as_ref().is_ok_and(|seconds| (1..=60).contains(seconds)), "{throttled}");
    let same = itself.post(ROUTE, &credentials(&email.to_uppercase(), "another"));
    same.refuses(429, &["try again in"]);
    assert!(!same.header("retry-after").is_empty(), "{same}");
    let other = format!("{}@example.com", own("other"));
    broker.post(ROUTE, &credentials(&other, "x")).refuses(401, &[]);
    broker.post(ROUTE, &credentials("admin@example.com", "password123")).grants(200);
}
