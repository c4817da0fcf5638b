//! The HTTP request of an operation, made from the path's entry in the topology.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;

use crate::stack::topology::PathSpec;

/// What is filled in for one operation.
#[derive(Debug, Clone, Copy)]
pub struct Fill<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its data.
    pub data: &'a str,
    /// Seconds that it may take.
    pub timeout: &'a str,
}

/// A path whose requests can't be made.
#[derive(Debug, thiserror::Error)]
#[error("path {path}: {told}")]
pub struct BadTemplate {
    /// The path.
    pub path: String,
    /// What is wrong with it.
    pub told: String,
}

/// Makes the requests of one path.
#[derive(Debug, Clone)]
pub struct Template {
    method: Method,
    uri: Uri,
    headers: Vec<(HeaderName, String)>,
    body: Option<String>,
}

impl Template {
    /// For requests to `address`.
    ///
    /// # Errors
    /// [`BadTemplate`] names the path and what is wrong with its method, route or headers.
    pub fn new(path: &str, spec: &PathSpec, address: SocketAddr) -> Result<Self, BadTemplate> {
        let bad = |told: String| BadTemplate { path: path.to_owned(), told };
        let send = &spec.send;
        let method = Method::from_bytes(send.method.as_bytes())
            .map_err(|_| bad(format!("\"{}\" is no HTTP method, like POST", send.method)))?;
        let uri = Uri::try_from(format!("http://{address}{}", send.route))
            .map_err(|error| bad(format!("\"{}\" is no route, like /log: {error}", send.route)))?;
        let headers = headers(&send.headers).map_err(bad)?;
        let body = send.json.as_ref().map(serde_json::Value::to_string);
        Ok(Self { method, uri, headers, body })
    }

    /// The request of one operation.
    ///
    /// # Errors
    /// When a header becomes unsendable by what is filled in.
    pub fn request(&self, fill: Fill<'_>) -> Result<Request<Full<Bytes>>, http::Error> {
        let mut request = Request::builder().method(&self.method).uri(&self.uri);
        for (name, value) in &self.headers {
            request = request.header(name, HeaderValue::from_str(&filled(value, fill))?);
        }
        match &self.body {
            Some(body) => request
                .header(http::header::CONTENT_TYPE, "application/json")
                .body(Full::new(Bytes::from(filled(body, fill)))),
            None => request.body(Full::default()),
        }
    }
}

fn headers(given: &BTreeMap<String, String>) -> Result<Vec<(HeaderName, String)>, String> {
    given
        .iter()
        .map(|(name, value)| {
            let name =
                HeaderName::try_from(name).map_err(|_| format!("\"{name}\" is no name of a header"))?;
            Ok((name, value.clone()))
        })
        .collect()
}

/// What is filled in is printable ASCII without quotes, so it needs no escape in JSON.
fn filled(text: &str, fill: Fill<'_>) -> String {
    text.replace("{id}", fill.id).replace("{timeout}", fill.timeout).replace("{data}", fill.data)
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;
    use crate::stack::topology::Send;

    fn spec() -> PathSpec {
        PathSpec {
            send: Send {
                node: "broker".into(),
                port: 80,
                method: "POST".into(),
                route: "/log".into(),
                headers: [("Idempotency-Key".to_owned(), "{id}".to_owned())].into(),
                json: Some(serde_json::json!({"name": "x", "data": "{data}"})),
            },
            through: vec![],
            stored_in: None,
        }
    }

    #[tokio::test]
    async fn an_operation_is_filled_in() {
        let template = Template::new("log", &spec(), "127.0.0.1:9".parse().unwrap()).unwrap();
        let request = template.request(Fill { id: "a-1", data: "a-1 zzz", timeout: "5" }).unwrap();
        assert_eq!(request.headers()["idempotency-key"], "a-1");
        let body = request.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(&body[..], br#"{"data":"a-1 zzz","name":"x"}"#);
    }

    #[test]
    fn what_can_not_be_sent_is_told_with_its_path() {
        let mut bad = spec();
        bad.send.route = "no route".into();
        let told = Template::new("log", &bad, "127.0.0.1:9".parse().unwrap()).unwrap_err().to_string();
        assert!(told.starts_with("path log: \"no route\" is no route"), "{told}");
    }
}
