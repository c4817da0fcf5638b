//! Whatever is sent, the answer is JSON and says what is wrong; no database is needed for that.

mod support;

use support::{Running, nobody, post, post_json, send, start};

const JSON: &str = "content-type: application/json\r\n";

async fn running() -> Running {
    start(nobody(), &[]).await
}

#[tokio::test]
async fn what_can_be_nobodys_credentials_is_400() {
    let running = running().await;
    let long = format!(r#"{{"email":"a@b","password":"{}"}}"#, "x".repeat(2000));
    for body in [
        "",
        "{",
        "[]",
        "null",
        r#"{"email":"a@b"}"#,
        r#"{"email":"a@b","password":7}"#,
        r#"{"email":"a@b","password":"x","more":1}"#,
        r#"{"email":"","password":"x"}"#,
        r#"{"email":"a@b","password":""}"#,
        r#"{"email":"nobody","password":"x"}"#,
        r#"{"email":"a@b\u0000","password":"x"}"#,
        &long,
    ] {
        let answer = post_json(&running, body).await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert_eq!(answer.body["error"], true, "{body}");
        assert!(answer.body.get("data").is_none(), "{body}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_are_400() {
    let answer = post(&running().await, JSON, b"{\"email\":\"\xff\xfe\",\"password\":\"x\"}").await;
    assert_eq!(answer.status, 400, "{answer:?}");
}

#[tokio::test]
async fn too_large_is_413_and_another_content_type_415() {
    let running = running().await;
    let large = format!(r#"{{"email":"a@b","password":"{}"}}"#, "x".repeat(20_000));
    assert_eq!(post_json(&running, &large).await.status, 413);
    for headers in ["", "content-type: text/plain\r\n"] {
        assert_eq!(post(&running, headers, b"{}").await.status, 415, "{headers}");
    }
}

#[tokio::test]
async fn absurd_deadlines_are_400() {
    let running = running().await;
    for time in ["-1", "0", "soon", "1e9", "999999", "inf"] {
        let headers = format!("{JSON}request-timeout: {time}\r\n");
        let answer = post(&running, &headers, br#"{"email":"a@b","password":"x"}"#).await;
        assert_eq!(answer.status, 400, "{time}: {answer:?}");
    }
}

#[tokio::test]
async fn unknown_routes_are_404_and_wrong_methods_405() {
    let running = running().await;
    let answer = send(&running, b"POST /nope HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert_eq!((answer.status, &answer.body["error"]), (404, &true.into()));
    let answer =
        send(&running, b"GET /authentication HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert_eq!((answer.status, &answer.body["error"]), (405, &true.into()));
    assert!(answer.head.contains("allow: post"), "{}", answer.head);
}
