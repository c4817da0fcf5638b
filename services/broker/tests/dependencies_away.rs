//! Dependencies that are away or hang: what surely was not sent is 503 with Retry-After, what may have been
//! is 504, each within the deadline.

mod support;

use std::time::{Duration, Instant};

use support::{JSON, get, nobody, post, silence, start};

/// A breaker that opens soon and stays open.
const BREAKER: [&str; 4] = ["--breaker-failures", "2", "--breaker-pause", "1m"];

const ENTRY: &[u8] = br#"{"name":"n","data":"d"}"#;
const SOMEBODY: &[u8] = br#"{"email":"admin@example.com","password":"password123"}"#;

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let nobody = nobody();
    let running = start(nobody, nobody, nobody, &[]).await;
    for (route, body) in [
        ("/authentication", SOMEBODY),
        ("/grpc-logger", ENTRY),
        ("/json-logger", ENTRY),
        ("/rabbitmq-logger", ENTRY),
    ] {
        let answer = post(&running, route, JSON, body).await;
        assert_eq!(answer.status, 503, "{route}: {answer:?}");
        assert!(answer.head.contains("retry-after: 1"), "{route}: {}", answer.head);
    }
    assert_eq!(get(&running, "/logs").await.status, 503);
    assert_eq!(get(&running, "/healthz").await.status, 200);
    let ready = get(&running, "/readyz").await;
    assert_eq!(ready.status, 503);
    for dependency in ["authentication", "logger-http", "logger-grpc", "rabbitmq"] {
        assert!(ready.body["data"]["dependencies"][dependency].is_string(), "{ready:?}");
    }
    assert!(!ready.body.to_string().contains("sesame"), "{ready:?}");
}

#[tokio::test]
async fn where_nobody_answers_the_outcome_is_unknown() {
    let (_listener, silent) = silence().await;
    let running = start(silent, silent, silent, &[]).await;
    let headers = format!("{JSON}request-timeout: 0.4\r\n");
    for (route, body) in [("/authentication", SOMEBODY), ("/grpc-logger", ENTRY), ("/json-logger", ENTRY)] {
        let begun = Instant::now();
        let answer = post(&running, route, &headers, body).await;
        assert_eq!(answer.status, 504, "{route}: {answer:?}");
        assert!(begun.elapsed() < Duration::from_millis(600), "{route}: {:?}", begun.elapsed());
    }
    // RabbitMQ never greeted, so nothing was sent to it.
    assert_eq!(post(&running, "/rabbitmq-logger", &headers, ENTRY).await.status, 503);
}

#[tokio::test]
async fn a_dependency_that_does_not_answer_is_not_asked_again_and_again() {
    let (_listener, silent) = silence().await;
    let nobody = nobody();
    let running =
        start(silent, nobody, nobody, &[&BREAKER[..], &["--breaker-patience", "50ms"]].concat()).await;
    for _ in 0..2 {
        let headers = format!("{JSON}request-timeout: 0.1\r\n");
        assert_eq!(post(&running, "/json-logger", &headers, ENTRY).await.status, 504);
    }
    let begun = Instant::now();
    assert_eq!(post(&running, "/json-logger", JSON, ENTRY).await.status, 503);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}
