//! The HTTP request of an operation, made from the path's entry in the topology.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;

use crate::stack::topology::{AnswerSpec, PathSpec};

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
    address: SocketAddr,
    method: Method,
    uri: Uri,
    /// What is the same in each request.
    fixed: HeaderMap,
    filled: Vec<(HeaderName, Text)>,
    body: Option<Text>,
    answer: AnswerSpec,
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
        let uri = Uri::try_from(&send.route)
            .ok()
            .filter(|uri| uri.path().starts_with('/') && uri.authority().is_none())
            .ok_or_else(|| bad(format!("\"{}\" is no route, like /log", send.route)))?;
        let body = send.json.as_ref().map(|json| Text::new(&json.to_string()));
        let mut fixed = HeaderMap::new();
        let mut filled = Vec::new();
        fixed.insert(
            HOST,
            HeaderValue::try_from(address.to_string()).map_err(|error| bad(error.to_string()))?,
        );
        if body.is_some() {
            fixed.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in &send.headers {
            let name =
                HeaderName::try_from(name).map_err(|_| bad(format!("\"{name}\" is no name of a header")))?;
            let text = Text::new(value);
            match text.fixed().map(HeaderValue::try_from) {
                Some(Ok(value)) => drop(fixed.insert(name, value)),
                Some(Err(_)) => return Err(bad(format!("\"{value}\" is no value of a header"))),
                None => filled.push((name, text)),
            }
        }
        Ok(Self { address, method, uri, fixed, filled, body, answer: spec.answer.clone() })
    }

    /// Where its requests go.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The right answer to its requests.
    #[must_use]
    pub fn answer(&self) -> &AnswerSpec {
        &self.answer
    }

    /// The request of one operation.
    ///
    /// # Errors
    /// When a header becomes unsendable by what is filled in.
    pub fn request(&self, fill: Fill<'_>) -> Result<Request<Full<Bytes>>, http::Error> {
        let body = self.body.as_ref().map(|body| Bytes::from(body.filled(fill))).unwrap_or_default();
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        let mut headers = self.fixed.clone();
        for (name, value) in &self.filled {
            headers.insert(name, HeaderValue::try_from(value.filled(fill))?);
        }
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// A text with places to fill in, taken apart once.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Text(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Fixed(String),
    Id,
    Data,
    Timeout,
}

const PLACES: [(&str, Piece); 3] =
    [("{id}", Piece::Id), ("{data}", Piece::Data), ("{timeout}", Piece::Timeout)];

impl Text {
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

    /// The whole text, if nothing is to be filled in.
    fn fixed(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Piece::Fixed(text)] => Some(text),
            _ => None,
        }
    }

    /// What is filled in is printable ASCII without quotes, so it needs no escape in JSON.
    fn filled(&self, fill: Fill<'_>) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Fixed(text) => text.len(),
            Piece::Id => fill.id.len(),
            Piece::Data => fill.data.len(),
            Piece::Timeout => fill.timeout.len(),
        };
        let mut text = String::with_capacity(self.0.iter().map(piece).sum());
        for piece in &self.0 {
            text.push_str(match piece {
                Piece::Fixed(text) => text,
                Piece::Id => fill.id,
                Piece::Data => fill.data,
                Piece::Timeout => fill.timeout,
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
        let request = template.request(Fill { id: "a-1", data: "a-1 zzz", timeout: "5" }).unwrap();
        assert_eq!(request.headers()["idempotency-key"], "a-1");
        assert_eq!(
            (request.uri().to_string(), &request.headers()["host"]),
            ("/log".to_owned(), &HeaderValue::from_static("127.0.0.1:9"))
        );
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
