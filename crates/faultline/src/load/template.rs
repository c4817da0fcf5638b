//! The HTTP request of an operation, made from the path's entry in the topology.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;

use crate::stack::topology::{AnswerSpec, PathSpec};

/// Values of one operation for the places of a template.
#[derive(Debug, Clone, Copy)]
pub struct TemplateValues<'a> {
    /// Id of the operation.
    pub id: &'a str,
    /// Data of the entry.
    pub data: &'a str,
    /// Timeout of the operation, in seconds.
    pub timeout: &'a str,
}

/// A path whose requests can't be made.
#[derive(Debug, thiserror::Error)]
#[error("path {path}: {problem}")]
pub struct TemplateError {
    /// Name of the path.
    pub path: String,
    /// Problem, as `what: expected …, found …`.
    pub problem: String,
}

/// Template of the requests of one path.
#[derive(Debug, Clone)]
pub struct Template {
    address: SocketAddr,
    method: Method,
    uri: Uri,
    /// Headers that all requests share.
    fixed: HeaderMap,
    filled: Vec<(HeaderName, TemplateText)>,
    body: Option<TemplateText>,
    answer: AnswerSpec,
}

impl Template {
    /// Makes the template for requests to `address`.
    ///
    /// # Errors
    /// [`TemplateError`] names the path and the wrong method, route or header.
    pub fn new(path: &str, spec: &PathSpec, address: SocketAddr) -> Result<Self, TemplateError> {
        let bad = |problem: String| TemplateError { path: path.to_owned(), problem };
        let send = &spec.send;
        let method = Method::from_bytes(send.method.as_bytes())
            .map_err(|_| bad(format!("HTTP method: expected one like POST, found \"{}\"", send.method)))?;
        let uri = Uri::try_from(&send.route)
            .ok()
            // No authority: hyper would write the whole URI into the request line, as for a proxy.
            .filter(|uri| uri.path().starts_with('/') && uri.authority().is_none())
            .ok_or_else(|| bad(format!("route: expected one like /log, found \"{}\"", send.route)))?;
        let body = send.json.as_ref().map(|json| TemplateText::new(&json.to_string()));
        // Prepared once: the generator makes tens of thousands of requests per second from it.
        let mut fixed = HeaderMap::new();
        let mut filled = Vec::new();
        // HTTP/1.1 requires a host, and hyper's connection adds none. A header of the path with this
        // name replaces it.
        fixed.insert(
            HOST,
            HeaderValue::try_from(address.to_string()).map_err(|error| bad(error.to_string()))?,
        );
        if body.is_some() {
            fixed.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in &send.headers {
            let name = HeaderName::try_from(name).map_err(|_| {
                bad(format!("header name: expected one like Idempotency-Key, found \"{name}\""))
            })?;
            let text = TemplateText::new(value);
            // A value without places is checked here once, so that a wrong one fails the start and not each operation.
            match text.fixed().map(HeaderValue::try_from) {
                Some(Ok(value)) => drop(fixed.insert(name, value)),
                Some(Err(_)) => {
                    return Err(bad(format!("header value: expected visible ASCII, found \"{value}\"")));
                }
                None => filled.push((name, text)),
            }
        }
        Ok(Self { address, method, uri, fixed, filled, body, answer: spec.answer.clone() })
    }

    /// Returns the address that the requests go to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the answer that the path declares.
    #[must_use]
    pub fn answer(&self) -> &AnswerSpec {
        &self.answer
    }

    /// Makes the request of one operation.
    ///
    /// # Errors
    /// An invalid header value, which the operation made.
    pub fn request(&self, values: TemplateValues<'_>) -> Result<Request<Full<Bytes>>, http::Error> {
        let body = self.body.as_ref().map(|body| Bytes::from(body.filled(values))).unwrap_or_default();
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        let mut headers = self.fixed.clone();
        for (name, value) in &self.filled {
            headers.insert(name, HeaderValue::try_from(value.filled(values))?);
        }
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// A text with places to fill in, taken apart once.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TemplateText(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Fixed(String),
    Id,
    Data,
    Timeout,
}

const PLACES: [(&str, Piece); 3] =
    [("{id}", Piece::Id), ("{data}", Piece::Data), ("{timeout}", Piece::Timeout)];

impl TemplateText {
    fn new(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((at, place, piece)) = first_place(rest) {
            pieces.push(Piece::Fixed(rest[..at].to_owned()));
            pieces.push(piece.clone());
            rest = &rest[at + place.len()..];
        }
        pieces.push(Piece::Fixed(rest.to_owned()));
        Self(pieces)
    }

    /// Returns the whole text if it has no places.
    fn fixed(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Piece::Fixed(text)] => Some(text),
            _ => None,
        }
    }

    /// Fills values into the places.
    fn filled(&self, values: TemplateValues<'_>) -> String {
        // Values are printable ASCII without quotes, so they need no escape in JSON.
        let piece = |piece: &Piece| match piece {
            Piece::Fixed(text) => text.len(),
            Piece::Id => values.id.len(),
            Piece::Data => values.data.len(),
            Piece::Timeout => values.timeout.len(),
        };
        let mut text = String::with_capacity(self.0.iter().map(piece).sum());
        for piece in &self.0 {
            text.push_str(match piece {
                Piece::Fixed(text) => text,
                Piece::Id => values.id,
                Piece::Data => values.data,
                Piece::Timeout => values.timeout,
            });
        }
        text
    }
}

fn first_place(text: &str) -> Option<(usize, &'static str, &'static Piece)> {
    PLACES
        .iter()
        .filter_map(|(place, piece)| Some((text.find(place)?, *place, piece)))
        .min_by_key(|found| found.0)
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
            writes: None,
            answer: AnswerSpec::default(),
        }
    }

    #[tokio::test]
    async fn an_operation_is_filled_in() {
        let template = Template::new("log", &spec(), "127.0.0.1:9".parse().unwrap()).unwrap();
        let request = template.request(TemplateValues { id: "a-1", data: "a-1 zzz", timeout: "5" }).unwrap();
        assert_eq!(request.headers()["idempotency-key"], "a-1");
        assert_eq!(
            (request.uri().to_string(), &request.headers()["host"]),
            ("/log".to_owned(), &HeaderValue::from_static("127.0.0.1:9"))
        );
        let body = request.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(&body[..], br#"{"data":"a-1 zzz","name":"x"}"#);
    }

    #[test]
    fn an_error_names_the_path_and_the_value() {
        let mut bad = spec();
        bad.send.route = "no route".into();
        let error = Template::new("log", &bad, "127.0.0.1:9".parse().unwrap()).unwrap_err().to_string();
        assert!(error.starts_with("path log: route: expected one like /log, found \"no route\""), "{error}");
    }
}
