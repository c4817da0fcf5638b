//! Without PostgreSQL, or with one that hangs: every answer is in time, and says what is waited for.

mod support;

use std::time::{Duration, Instant};

use support::{Running, nobody, post, post_json, send, silence, start};

/// A breaker that opens soon and stays open.
const BREAKER: [&str; 4] = ["--breaker-failures", "2", "--breaker-pause", "1m"];

const SOMEBODY: &str = r#"{"email":"admin@example.com","password":"password123"}"#;

async fn readyz(running: &Running) -> support::Answer {
    send(running, b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await
}

#[tokio::test]
async fn a_database_that_is_away_is_503_at_once_and_tells_when_to_try_again() {
    let running = start(nobody(), &[]).await;
    let answer = post_json(&running, SOMEBODY).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.head.contains("retry-after: "), "{}", answer.head);
    let ready = readyz(&running).await;
    assert_eq!(ready.status, 503);
    let told = ready.body.to_string();
    assert!(told.contains("postgres") && !told.contains("sesame"), "{told}");
}

#[tokio::test]
async fn a_database_that_hangs_is_answered_within_the_deadline() {
    let (_listener, address) = silence().await;
    let running = start(address, &[]).await;
    let begun = Instant::now();
    let headers = "content-type: application/json\r\nrequest-timeout: 0.4\r\n";
    let answer = post(&running, headers, SOMEBODY.as_bytes()).await;
    assert_eq!(answer.status, 504, "{answer:?}");
    assert!(begun.elapsed() < Duration::from_millis(600), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_database_that_hangs_is_not_asked_again_and_again() {
    let (_listener, address) = silence().await;
    let running = start(address, &[&BREAKER[..], &["--breaker-patience", "50ms"]].concat()).await;
    let headers = "content-type: application/json\r\nrequest-timeout: 0.1\r\n";
    for _ in 0..2 {
        assert_eq!(post(&running, headers, SOMEBODY.as_bytes()).await.status, 504);
    }
    let begun = Instant::now();
    let answer = post(&running, "content-type: application/json\r\n", SOMEBODY.as_bytes()).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn callers_with_short_deadlines_shut_nobody_out() {
    let (_listener, address) = silence().await;
    let running = start(address, &BREAKER).await;
    for time in ["0.1", "0.1", "0.2", "0.1", "0.4"] {
        let headers = format!("content-type: application/json\r\nrequest-timeout: {time}\r\n");
        let answer = post(&running, &headers, SOMEBODY.as_bytes()).await;
        assert_eq!(answer.status, 504, "asked in vain, not refused: {answer:?}");
    }
}
