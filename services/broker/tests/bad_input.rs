//! Whatever is sent, the answer is JSON and says what is wrong; no dependency is needed for that.

mod support;

use support::{Answer, JSON, Running, get, nobody, post, send, start};

const LOGGERS: [&str; 3] = ["/grpc-logger", "/json-logger", "/rabbitmq-logger"];

async fn running() -> Running {
    let nobody = nobody();
    start(nobody, nobody, nobody, &[]).await
}

fn is_refusal(answer: &Answer, status: u16, what: &str) {
    assert_eq!(answer.status, status, "{what}: {answer:?}");
    assert_eq!(answer.body["error"], true, "{what}");
    assert!(answer.body["message"].as_str().is_some_and(|message| !message.is_empty()), "{what}");
    assert!(answer.body.get("data").is_none(), "{what}");
}

#[tokio::test]
async fn what_is_no_entry_is_400() {
    let running = running().await;
    for route in LOGGERS {
        for body in [
            &b""[..],
            b"{",
            b"[]",
            b"null",
            b"{}",
            br#"{"name":"n"}"#,
            br#"{"name":"n","data":7}"#,
            br#"{"name":null,"data":"d"}"#,
            br#"{"name":"n","data":"d","more":1}"#,
            br#"{"name":"","data":"d"}"#,
            br#"{"name":"n","data":""}"#,
            br#"{"name":"n\u0000","data":"d"}"#,
            b"{\"name\":\"n\",\"data\":\"\xff\xfe\"}",
            b"\0\0\0\0",
        ] {
            let answer = post(&running, route, JSON, body).await;
            is_refusal(&answer, 400, &format!("{route} {}", String::from_utf8_lossy(body)));
        }
    }
}

#[tokio::test]
async fn only_the_events_know_a_severity() {
    let running = running().await;
    let body = br#"{"name":"n","data":"d","severity":"ERROR"}"#;
    is_refusal(&post(&running, "/grpc-logger", JSON, body).await, 400, "grpc");
    is_refusal(&post(&running, "/json-logger", JSON, body).await, 400, "json");
    let unknown = br#"{"name":"n","data":"d","severity":"FATAL"}"#;
    is_refusal(&post(&running, "/rabbitmq-logger", JSON, unknown).await, 400, "unknown severity");
}

#[tokio::test]
async fn what_is_too_long_is_413() {
    let running = running().await;
    for (name, data) in [(1025, 1), (1, 1024 * 1024 + 1), (1, 3 * 1024 * 1024)] {
        let body = format!(r#"{{"name":"{}","data":"{}"}}"#, "n".repeat(name), "d".repeat(data));
        for route in LOGGERS {
            is_refusal(&post(&running, route, JSON, body.as_bytes()).await, 413, route);
        }
    }
}

#[tokio::test]
async fn another_content_type_is_415() {
    let running = running().await;
    for headers in ["", "content-type: text/plain\r\n", "content-type: \u{e9}\r\n"] {
        for route in ["/authentication", "/grpc-logger", "/json-logger", "/rabbitmq-logger"] {
            let answer = post(&running, route, headers, br#"{"name":"n","data":"d"}"#).await;
            is_refusal(&answer, 415, &format!("{route} {headers}"));
        }
    }
}

#[tokio::test]
async fn headers_that_mean_nothing_are_400() {
    let running = running().await;
    let long = "k".repeat(256);
    let keys = ["", "a b", &long].map(|key| format!("idempotency-key: {key}\r\n"));
    let times =
        ["-1", "0", "soon", "1e9", "301", "NaN", ""].map(|time| format!("request-timeout: {time}\r\n"));
    for header in keys.iter().chain(&times) {
        for route in LOGGERS {
            let answer =
                post(&running, route, &format!("{JSON}{header}"), br#"{"name":"n","data":"d"}"#).await;
            is_refusal(&answer, 400, &format!("{route} {header}"));
        }
    }
}

#[tokio::test]
async fn what_can_be_nobodys_credentials_is_400() {
    let running = running().await;
    for body in
        [r#"{"email":"nobody","password":"x"}"#, r#"{"email":"a@b","password":""}"#, r#"{"email":"a@b"}"#]
    {
        is_refusal(&post(&running, "/authentication", JSON, body.as_bytes()).await, 400, body);
    }
}

#[tokio::test]
async fn unknown_routes_are_404_and_wrong_methods_405() {
    let running = running().await;
    is_refusal(&get(&running, "/nope").await, 404, "/nope");
    is_refusal(&post(&running, "/handle", JSON, br#"{"action":"fly"}"#).await, 404, "/handle");
    for route in ["/authentication", "/grpc-logger", "/json-logger", "/rabbitmq-logger"] {
        let answer = get(&running, route).await;
        is_refusal(&answer, 405, route);
        assert!(answer.head.contains("allow: post"), "{}", answer.head);
    }
    is_refusal(&post(&running, "/logs", JSON, b"{}").await, 405, "/logs");
}

#[tokio::test]
async fn questions_for_entries_are_checked() {
    let running = running().await;
    for query in ["limit=0", "limit=1001", "limit=x", "after=%20", "more=1"] {
        is_refusal(&get(&running, &format!("/logs?{query}")).await, 400, query);
    }
}

#[tokio::test]
async fn the_greeting_takes_any_json_or_nothing() {
    let running = running().await;
    for body in [&b""[..], b"{}", b"[1]", b"null", br#""hello""#] {
        assert_eq!(post(&running, "/", JSON, body).await.status, 200);
    }
    assert_eq!(send(&running, b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.status, 200);
    is_refusal(&post(&running, "/", JSON, b"{").await, 400, "malformed");
}

#[tokio::test]
async fn our_own_page_may_ask() {
    let running = running().await;
    let preflight = "OPTIONS /grpc-logger HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
        origin: http://localhost:5173\r\naccess-control-request-method: POST\r\n\
        access-control-request-headers: content-type,idempotency-key,request-timeout\r\n\r\n";
    let answer = send(&running, preflight.as_bytes()).await;
    assert_eq!(answer.status, 200);
    for part in [
        "access-control-allow-origin: http://localhost:5173",
        "access-control-allow-methods: get,post",
        "access-control-allow-headers: content-type,idempotency-key,request-timeout",
    ] {
        assert!(answer.head.contains(part), "{part}: {}", answer.head);
    }
    let refused = post(&running, "/nope", "origin: http://localhost:5173\r\n", b"").await;
    assert!(refused.head.contains("access-control-allow-origin: http://localhost:5173"), "{}", refused.head);
}

#[tokio::test]
async fn the_page_of_a_stranger_may_not_read_an_answer() {
    let running = running().await;
    let nobody = "access-control-allow-origin";
    for origin in ["https://evil.example", "http://localhost:5174", "http://localhost", "null"] {
        for route in ["/logs", "/readyz", "/nope"] {
            let head =
                format!("GET {route} HTTP/1.1\r\nhost: x\r\nconnection: close\r\norigin: {origin}\r\n\r\n");
            let answer = send(&running, head.as_bytes()).await;
            assert!(!answer.head.contains(nobody), "{origin} {route}: {}", answer.head);
        }
        let preflight = format!(
            "OPTIONS /authentication HTTP/1.1\r\nhost: x\r\nconnection: close\r\norigin: {origin}\r\n\
             access-control-request-method: POST\r\n\r\n"
        );
        let answer = send(&running, preflight.as_bytes()).await;
        assert!(!answer.head.contains(nobody), "{origin}: {}", answer.head);
    }
}

#[tokio::test]
async fn any_page_may_ask_only_where_that_is_set() {
    let nobody = nobody();
    let running = start(nobody, nobody, nobody, &["--cors-origins", "*"]).await;
    let answer = post(&running, "/", "origin: https://elsewhere.example\r\n", b"").await;
    assert!(
        answer.head.contains("access-control-allow-origin: https://elsewhere.example"),
        "{}",
        answer.head
    );
}
