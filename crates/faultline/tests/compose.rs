//! The manual demo: the compose file brought up by docker-compose, asked on every path, its databases read with
//! the contract's own connection strings, and taken down again.
//!
//! Needs a container engine that holds the images: `make test-containers`.

#![expect(clippy::print_stderr, reason = "what a failed test tells")]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use mongodb::bson::{Document, doc};
use serde_json::{Value, json};
use sqlx::{ConnectOptions, Connection, Row};

const PROJECT: &str = "faultline-compose-test";

/// How long anything may take. Only a test that fails waits it out.
const PATIENCE: Duration = Duration::from_secs(120);

/// docker-compose on this repository's file, in a project of its own.
fn compose(arguments: &[&str]) -> String {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("a workspace");
    let output = Command::new("docker-compose")
        .args(["--project-name", PROJECT, "--file"])
        .arg(repository.join("docker-compose.yml"))
        .args(arguments)
        .output()
        .expect("docker-compose");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "docker-compose {arguments:?}: {told}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The system, until dropped; its volumes go with it.
struct System;

impl System {
    fn up() -> Self {
        let system = Self;
        compose(&["up", "--detach", "--no-build", "--scale", "listener=3"]);
        system
    }
}

impl Drop for System {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", compose(&["logs", "--no-color", "--tail", "30"]));
        }
        compose(&["down", "--volumes", "--timeout", "5"]);
    }
}

/// Asks the broker; none where it does not answer.
async fn ask(method: &str, route: &str, body: Option<&Value>) -> Option<(u16, Value)> {
    use http_body_util::{BodyExt, Full};
    let stream = tokio::net::TcpStream::connect("127.0.0.1:8080").await.ok()?;
    let io = hyper_util::rt::TokioIo::new(stream);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.ok()?;
    tokio::spawn(connection);
    let request = http::Request::builder()
        .method(method)
        .uri(route)
        .header("host", "localhost")
        .header("content-type", "application/json")
        .body(Full::new(bytes::Bytes::from(body.map_or_else(String::new, Value::to_string))))
        .expect("a request");
    let answer = sender.send_request(request).await.ok()?;
    let status = answer.status().as_u16();
    let text = answer.into_body().collect().await.ok()?.to_bytes();
    Some((status, serde_json::from_slice(&text).ok()?))
}

/// Asks until the answer has this status.
async fn until(status: u16, method: &str, route: &str, body: Option<&Value>) -> Value {
    let begun = Instant::now();
    loop {
        let answer = ask(method, route, body).await;
        match answer {
            Some((found, body)) if found == status => return body,
            other => assert!(begun.elapsed() < PATIENCE, "{method} {route}: {other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
#[ignore = "needs a container engine and the images: make test-containers"]
async fn the_manual_demo_serves_every_path_with_the_contracts_strings() {
    let _system = System::up();
    until(200, "GET", "/readyz", None).await;
    until(200, "POST", "/", Some(&json!({}))).await;
    let login = json!({ "email": "admin@example.com", "password": "password123" });
    until(200, "POST", "/authentication", Some(&login)).await;
    let paths = [("/grpc-logger", 200), ("/json-logger", 200), ("/rabbitmq-logger", 202)];
    for (route, status) in paths {
        let entry = json!({ "name": "compose", "data": route });
        until(status, "POST", route, Some(&entry)).await;
    }
    let client = mongodb::Client::with_uri_str("mongodb://mongo:password@localhost:27017/logs_db?ssl=false");
    let logs = client.await.expect("a client").database("logs_db").collection::<Document>("logs");
    for (route, _) in paths {
        let begun = Instant::now();
        while logs.find_one(doc! { "data": route }).await.expect("MongoDB").is_none() {
            assert!(begun.elapsed() < PATIENCE, "{route} was not stored");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let database = sqlx::postgres::PgConnectOptions::new()
        .host("localhost")
        .port(5432)
        .username("postgres")
        .password("password")
        .database("users_db")
        .ssl_mode(sqlx::postgres::PgSslMode::Disable);
    let mut database = database.connect().await.expect("PostgreSQL");
    let user = sqlx::query("select email from users").fetch_one(&mut database).await.expect("a user");
    assert_eq!(user.get::<String, _>(0), "admin@example.com");
    database.close().await.expect("closed");
    let listeners = compose(&["ps", "--quiet", "listener"]);
    assert_eq!(listeners.lines().count(), 3, "{listeners}");
    management_page().await;
    page().await;
}

/// The page is served, and told where the broker is.
async fn page() {
    let begun = Instant::now();
    let index = loop {
        match get(8081, "/", "").await {
            Some(index) if index.starts_with("HTTP/1.1 200") => break index,
            other => assert!(begun.elapsed() < PATIENCE, "the page: {other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert!(index.contains("<div id=\"root\">"), "{index}");
    let config = get(8081, "/config.json", "").await.expect("an answer");
    assert!(config.ends_with("{\"broker\": \"http://localhost:8080\"}\n"), "{config}");
}

/// The management page of RabbitMQ lets the contract's user in.
async fn management_page() {
    // guest:guest
    let login = "authorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n";
    let answer = get(15672, "/api/overview", login).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// A whole answer as text; none where nobody listens.
async fn get(port: u16, route: &str, headers: &str) -> Option<String> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let request = format!("GET {route} HTTP/1.1\r\nhost: localhost\r\n{headers}connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    Some(answer)
}
