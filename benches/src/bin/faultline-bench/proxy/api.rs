//! Client of the HTTP API of Toxiproxy, which `faultline proxy` has too.

use std::net::SocketAddr;

use benches::BenchError;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::header::HOST;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// Server of the API.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Api(pub(crate) SocketAddr);

impl Api {
    /// Makes a proxy on a free port and returns its address.
    pub(crate) async fn create(self, name: &str, upstream: SocketAddr) -> Result<SocketAddr, BenchError> {
        let proxy = json!({ "name": name, "listen": "127.0.0.1:0", "upstream": upstream.to_string() });
        let made = self.ask(Method::POST, "/proxies", &proxy).await?;
        Ok(made["listen"].as_str().ok_or("proxy: expected `listen`, found none")?.parse()?)
    }

    /// Adds a toxic.
    pub(crate) async fn add(self, proxy: &str, toxic: &Value) -> Result<(), BenchError> {
        self.ask(Method::POST, &format!("/proxies/{proxy}/toxics"), toxic).await.map(drop)
    }

    /// Removes a toxic.
    pub(crate) async fn remove(self, proxy: &str, toxic: &str) -> Result<(), BenchError> {
        self.ask(Method::DELETE, &format!("/proxies/{proxy}/toxics/{toxic}"), &Value::Null).await.map(drop)
    }

    /// Number of tasks of the program; only Faultline reports it.
    pub(crate) async fn tasks(self) -> Result<u64, BenchError> {
        let text = self.send(Method::GET, "/metrics", Bytes::new()).await?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let line = text.lines().find_map(|line| line.strip_prefix("proxy_runtime_tasks{} "));
        Ok(line.ok_or("metrics: expected `proxy_runtime_tasks`, found none")?.parse()?)
    }

    /// Sends a request and returns its answer, null if that is empty.
    pub(crate) async fn ask(self, method: Method, path: &str, body: &Value) -> Result<Value, BenchError> {
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(serde_json::to_vec(body)?) };
        let answer = self.send(method, path, body).await?;
        Ok(if answer.is_empty() { Value::Null } else { serde_json::from_slice(&answer)? })
    }

    async fn send(self, method: Method, path: &str, body: Bytes) -> Result<Bytes, BenchError> {
        // A connection for each request: none stays open while the descriptors of the proxy are counted.
        let stream = TcpStream::connect(self.0).await?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move { drop(connection.await) });
        let request = Request::builder().method(method).uri(path).header(HOST, self.0.to_string());
        let request = request.body(Full::new(body))?;
        let answer = sender.send_request(request).await?;
        let (status, body) = (answer.status(), answer.into_body().collect().await?.to_bytes());
        if !status.is_success() {
            let body = String::from_utf8_lossy(&body);
            return Err(format!("{path}: expected success, found {status}: {body}").into());
        }
        Ok(body)
    }
}
