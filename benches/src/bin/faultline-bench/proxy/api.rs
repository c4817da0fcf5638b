//! The HTTP API that Toxiproxy has, and `faultline proxy` too: both are told what to do by the same requests.

use std::net::SocketAddr;

use benches::Failed;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::header::HOST;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// A server of the API.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Api(pub(crate) SocketAddr);

impl Api {
    /// Makes a proxy on a free port; its address.
    pub(crate) async fn create(self, name: &str, upstream: SocketAddr) -> Result<SocketAddr, Failed> {
        let proxy = json!({ "name": name, "listen": "127.0.0.1:0", "upstream": upstream.to_string() });
        let made = self.ask(Method::POST, "/proxies", &proxy).await?;
        Ok(made["listen"].as_str().ok_or("a proxy does not tell its address")?.parse()?)
    }

    /// Adds a toxic.
    pub(crate) async fn add(self, proxy: &str, toxic: &Value) -> Result<(), Failed> {
        self.ask(Method::POST, &format!("/proxies/{proxy}/toxics"), toxic).await.map(drop)
    }

    /// Removes a toxic.
    pub(crate) async fn remove(self, proxy: &str, toxic: &str) -> Result<(), Failed> {
        self.ask(Method::DELETE, &format!("/proxies/{proxy}/toxics/{toxic}"), &Value::Null).await.map(drop)
    }

    /// Tasks that the program has; only Faultline tells.
    pub(crate) async fn tasks(self) -> Result<u64, Failed> {
        let text = self.send(Method::GET, "/metrics", Bytes::new()).await?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let line = text.lines().find_map(|line| line.strip_prefix("proxy_runtime_tasks{} "));
        Ok(line.ok_or("the proxy does not tell its tasks")?.parse()?)
    }

    /// A request, and its answer; null if that is empty.
    pub(crate) async fn ask(self, method: Method, path: &str, body: &Value) -> Result<Value, Failed> {
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(serde_json::to_vec(body)?) };
        let answer = self.send(method, path, body).await?;
        Ok(if answer.is_empty() { Value::Null } else { serde_json::from_slice(&answer)? })
    }

    async fn send(self, method: Method, path: &str, body: Bytes) -> Result<Bytes, Failed> {
        let stream = TcpStream::connect(self.0).await?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move { drop(connection.await) });
        let request = Request::builder().method(method).uri(path).header(HOST, self.0.to_string());
        let request = request.body(Full::new(body))?;
        let told = request.uri().to_string();
        let answer = sender.send_request(request).await?;
        let (status, body) = (answer.status(), answer.into_body().collect().await?.to_bytes());
        if !status.is_success() {
            return Err(format!("{told}: {status}: {}", String::from_utf8_lossy(&body)).into());
        }
        Ok(body)
    }
}
