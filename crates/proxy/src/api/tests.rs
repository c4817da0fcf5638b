//! The API by plain HTTP, as Toxiproxy 2.12 answers it.

use std::net::SocketAddr;

use bytes::Bytes;
use http::Method;
use http_body_util::Full;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::*;

struct Lab {
    api: SocketAddr,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Lab {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = listener.local_addr().unwrap();
        Self { api, serving: tokio::spawn(serve(listener, Arc::new(Registry::new(1)))) }
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> (u16, http::HeaderMap, String) {
        let stream = TcpStream::connect(self.api).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let (head, body) = sender.send_request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status.as_u16(), head.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    /// Status and body.
    async fn ask(&self, method: &str, path: &str, body: impl Into<Bytes>) -> (u16, String) {
        let request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
        let (status, headers, body) = self.send(request.body(Full::new(body.into())).unwrap()).await;
        assert_eq!(headers["x-toxiproxy-request-id"].len(), 20);
        (status, body)
    }

    async fn json(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let (status, body) = self.ask(method, path, body.to_string()).await;
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }
}

fn error(status: u16, text: &str) -> (u16, String) {
    (status, format!("{{\"error\":\"{text}\",\"status\":{status}}}\n"))
}

#[tokio::test]
async fn a_proxy_lives_from_its_creation_to_its_deletion() {
    let lab = Lab::start().await;
    assert_eq!(lab.ask("GET", "/proxies", "").await, (200, "{}".to_owned()));
    let wanted = json!({"name": "a/b<c", "listen": "localhost:0", "upstream": "127.0.0.1:1", "toxics": [{"type": "x"}]});
    let (status, made) = lab.ask("POST", "/proxies", wanted.to_string()).await;
    assert_eq!(status, 201);
    assert!(made.starts_with("{\"name\":\"a/b\\u003cc\",\"listen\":\"127.0.0.1:"), "{made}");
    assert!(
        made.contains("\"upstream\":\"127.0.0.1:1\",\"enabled\":true,\"Logger\":{},\"toxics\":[]"),
        "{made}"
    );
    assert_eq!(lab.ask("POST", "/proxies", wanted.to_string()).await, error(409, "proxy already exists"));
    // Names with a slash are stuck in Toxiproxy; here they can be reached.
    let path = "/proxies/a%2Fb%3Cc";
    let (_, made) = lab.json("GET", path, Value::Null).await;
    let (status, disabled) = lab.json("POST", path, json!({"enabled": false})).await;
    assert_eq!((status, &disabled["enabled"], &disabled["listen"]), (200, &json!(false), &made["listen"]));
    let (status, enabled) =
        lab.json("PATCH", path, json!({"ENABLED": true, "upstream": "127.0.0.1:2"})).await;
    assert_eq!(
        (status, &enabled["upstream"], &enabled["listen"]),
        (200, &json!("127.0.0.1:2"), &made["listen"])
    );
    assert_eq!(
        lab.ask("POST", path, "{\"listen\":\"nowhere\"}").await,
        error(500, "listen tcp: address nowhere: missing port in address")
    );
    assert_eq!(lab.ask("DELETE", path, "").await, (204, String::new()));
    assert_eq!(lab.ask("DELETE", path, "").await, error(404, "proxy not found"));
}

#[tokio::test]
async fn a_toxic_lives_from_its_creation_to_its_deletion() {
    let lab = Lab::start().await;
    lab.json("POST", "/proxies", json!({"name": "p", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:1"}))
        .await;
    let (status, made) = lab
        .ask("POST", "/proxies/p/toxics", "{\"type\":\"latency\",\"attributes\":{\"latency\":5,\"what\":1}}")
        .await;
    assert_eq!(status, 200);
    let expected = "{\"attributes\":{\"latency\":5,\"jitter\":0},\"name\":\"latency_downstream\",\"type\":\"latency\",\
                \"stream\":\"downstream\",\"toxicity\":1,";
    assert!(made.starts_with(expected), "{made}");
    let (status, up) = lab
        .json("POST", "/proxies/p/toxics", json!({"type": "slicer", "stream": "UPSTREAM", "toxicity": 0.5}))
        .await;
    assert_eq!(
        (status, &up["name"], &up["stream"], &up["toxicity"]),
        (200, &json!("slicer_UPSTREAM"), &json!("UPSTREAM"), &json!(0.5))
    );
    let (_, all) = lab.json("GET", "/proxies/p/toxics", Value::Null).await;
    let names: Vec<_> = all.as_array().unwrap().iter().map(|toxic| &toxic["name"]).collect();
    assert_eq!(names, ["slicer_UPSTREAM", "latency_downstream"]);
    let path = "/proxies/p/toxics/latency_downstream";
    let (status, changed) =
        lab.json("PATCH", path, json!({"attributes": {"jitter": 2}, "name": "other", "toxicity": 7})).await;
    assert_eq!((status, &changed["attributes"]), (200, &json!({"latency": 5, "jitter": 2})));
    assert_eq!((&changed["name"], &changed["toxicity"]), (&json!("latency_downstream"), &json!(7)));
    assert_eq!(lab.ask("DELETE", path, "").await.0, 204);
    assert_eq!(lab.ask("GET", path, "").await, error(404, "toxic not found"));
    assert_eq!(lab.ask("POST", "/reset", "").await, (204, String::new()));
    assert_eq!(lab.ask("GET", "/proxies/p/toxics", "").await, (200, "[]".to_owned()));
}

#[tokio::test]
async fn mistakes_are_answered_in_toxiproxys_words() {
    let lab = Lab::start().await;
    lab.json("POST", "/proxies", json!({"name": "p", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:1"}))
        .await;
    lab.json("POST", "/proxies/p/toxics", json!({"type": "noop", "name": "n"})).await;
    let (taken, toxics) = (lab.api, "/proxies/p/toxics");
    let bind = format!("{{\"name\":\"q\",\"upstream\":\"x:1\",\"listen\":\"{taken}\"}}");
    for (method, path, body, expected) in [
        ("POST", "/proxies", "", error(400, "bad request body: EOF")),
        ("POST", "/proxies", "{}", error(400, "missing required field: name")),
        ("POST", "/proxies", "{\"name\":\"q\"}", error(400, "missing required field: upstream")),
        ("POST", "/proxies", &bind, error(500, &format!("listen tcp {taken}: bind: address already in use"))),
        ("GET", "/proxies/q", "", error(404, "proxy not found")),
        ("POST", "/proxies/q/toxics", "nonsense", error(404, "proxy not found")),
        ("POST", toxics, "{\"type\":\"x\"}", error(400, "invalid toxic type")),
        (
            "POST",
            toxics,
            "{\"type\":\"x\",\"stream\":\"y\"}",
            error(400, "stream was invalid, can be either upstream or downstream"),
        ),
        (
            "POST",
            toxics,
            "{\"type\":\"noop\",\"stream\":\"\"}",
            error(400, "stream was invalid, can be either upstream or downstream"),
        ),
        ("POST", toxics, "{\"type\":\"noop\",\"name\":\"n\"}", error(409, "toxic already exists")),
        (
            "POST",
            toxics,
            "{\"type\":\"latency\",\"attributes\":{\"latency\":1.5}}",
            error(400, "bad request body: latency: expected a whole number of 64 bits, found another number"),
        ),
        (
            "POST",
            toxics,
            "{\"type\":\"bandwidth\",\"attributes\":{\"rate\":-1}}",
            error(400, "bad request body: rate of bandwidth: expected at least 0, found -1"),
        ),
        ("PATCH", "/proxies/p/toxics/x", "{}", error(404, "toxic not found")),
        ("PUT", "/proxies", "", (405, String::new())),
        ("HEAD", "/version", "", (405, String::new())),
        ("GET", "/proxies/", "", (404, "404 page not found\n".to_owned())),
        ("GET", "/nothing", "", (404, "404 page not found\n".to_owned())),
    ] {
        assert_eq!(lab.ask(method, path, body.to_owned()).await, expected, "{method} {path} {body}");
    }
}

#[tokio::test]
async fn populate_keeps_what_is_the_same_and_makes_nothing_of_a_bad_list() {
    let lab = Lab::start().await;
    let (_, first) = lab
        .json("POST", "/populate", json!([{"name": "p", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:1"}]))
        .await;
    let listen = &first["proxies"][0]["listen"];
    lab.json("POST", "/proxies/p/toxics", json!({"type": "noop"})).await;
    let same = json!({"name": "p", "listen": listen, "upstream": "127.0.0.1:1", "enabled": false});
    let (status, again) = lab.json("POST", "/populate", json!([same])).await;
    assert_eq!((status, &again["proxies"][0]["enabled"]), (201, &json!(true)));
    assert_eq!(again["proxies"][0]["toxics"].as_array().unwrap().len(), 1);
    let other = json!({"name": "p", "listen": listen, "upstream": "127.0.0.1:2"});
    let (_, replaced) = lab.json("POST", "/populate", json!([other])).await;
    assert_eq!(replaced["proxies"][0]["toxics"], json!([]));
    let bad = lab.ask("POST", "/populate", "[{\"name\":\"q\",\"upstream\":\"x:1\"},{\"name\":\"r\"}]").await;
    let expected =
        "{\"error\":\"missing required field: upstream at proxy 2\",\"status\":400,\"proxies\":null}";
    assert_eq!(bad, (400, expected.to_owned()));
    assert_eq!(lab.ask("GET", "/proxies/q", "").await.0, 404);
    for none in ["[]", "null"] {
        assert_eq!(lab.ask("POST", "/populate", none).await, (201, "{\"proxies\":null}".to_owned()));
    }
    assert_eq!(lab.ask("POST", "/populate", "{}").await.0, 400);
}

#[tokio::test]
async fn a_proxy_and_its_toxics_come_at_once_where_that_is_asked_for() {
    let lab = Lab::start().await;
    let wanted = json!({"name": "p", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:1", "toxics": [{"type": "refuse"}]});
    let (status, made) = lab.json("POST", "/proxies?toxics=true", wanted.clone()).await;
    assert_eq!((status, &made["toxics"][0]["type"]), (201, &json!("refuse")));
    let bad = json!({"name": "q", "listen": "127.0.0.1:0", "upstream": "x:1", "toxics": [{"type": "noop"}, {"type": "noop"}]});
    assert_eq!(lab.json("POST", "/proxies?toxics=true", bad).await.0, 409);
    assert_eq!(lab.ask("GET", "/proxies/q", "").await.0, 404);
}

#[tokio::test]
async fn browsers_and_names_of_public_sites_are_refused_and_large_bodies_are_answered() {
    let lab = Lab::start().await;
    for (name, value, reason) in [
        ("user-agent", "Mozilla/5.0", "User agent not allowed"),
        ("origin", "http://example.com", "Origin not allowed"),
        ("host", "rebind.example.com:8474", "Host not allowed"),
    ] {
        let request = Request::builder().uri("/version").header(name, value);
        let (status, _, body) = lab.send(request.body(Full::default()).unwrap()).await;
        assert!(status == 403 && body.starts_with(reason), "{status} {body}");
    }
    let large = vec![b' '; 10_000_000];
    assert_eq!(lab.ask("POST", "/proxies", large).await, error(400, "bad request body: EOF"));
    assert_eq!(lab.ask("POST", "/proxies", vec![b' '; BODY_LIMIT + 1]).await.0, 400);
    let (status, version) = lab.ask("GET", "/version", "").await;
    assert_eq!((status, version), (200, format!("{{\"version\":\"{}\"}}\n", env!("CARGO_PKG_VERSION"))));
}

#[tokio::test]
async fn counters_and_effects_are_there_for_prometheus() {
    let lab = Lab::start().await;
    let wanted = json!({"name": "p\"", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:1", "toxics": [{"type": "refuse"}]});
    let (_, made) = lab.json("POST", "/proxies?toxics=true", wanted).await;
    let mut refused = TcpStream::connect(made["listen"].as_str().unwrap()).await.unwrap();
    assert!(tokio::io::AsyncReadExt::read(&mut refused, &mut [0]).await.is_err());
    let (_, text) = lab.ask("GET", "/metrics", "").await;
    for line in [
        "proxy_connections_total{proxy=\"p\\\"\"} 1",
        "proxy_toxic_connections_total{proxy=\"p\\\"\",toxic=\"refuse_downstream\",type=\"refuse\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{text}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let names = prop_oneof![
        Just("name".to_owned()),
        Just("listen".to_owned()),
        Just("upstream".to_owned()),
        Just("enabled".to_owned()),
        Just("type".to_owned()),
        Just("stream".to_owned()),
        Just("toxicity".to_owned()),
        Just("attributes".to_owned()),
        Just("toxics".to_owned()),
        Just("latency".to_owned()),
        Just("rate".to_owned()),
        ".{0,4}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(json!("127.0.0.1:0")),
        Just(json!("latency")),
        Just(json!("p")),
        Just(json!("upstream")),
    ];
    leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_body_crashes_the_api(bodies in prop::collection::vec(any_json(), 1..6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let lab = Lab::start().await;
            lab.json("POST", "/proxies", json!({"name": "p", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:1"})).await;
            lab.json("POST", "/proxies/p/toxics", json!({"type": "latency", "name": "t"})).await;
            for body in bodies {
                for path in ["/proxies?toxics=true", "/populate?toxics=true", "/proxies/p/toxics", "/proxies/p/toxics/t", "/proxies/p", "/reset"] {
                    let (status, _) = lab.json("POST", path, body.clone()).await;
                    prop_assert!((200..=500).contains(&status), "{} {}", path, status);
                }
            }
            let (status, _) = lab.json("GET", "/proxies", Value::Null).await;
            prop_assert_eq!(status, 200);
            Ok(())
        })?;
    }
}
