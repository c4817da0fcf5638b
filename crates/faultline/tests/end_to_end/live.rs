//! The live lab beside a run and beside a system that is up, as its API tells: who is answered, faults by hand and what
//! becomes of them, a load by hand to its verdict.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::lab::{self, Harness};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// The lab of a program, by the address that it prints.
struct Lab {
    address: SocketAddr,
    token: String,
}

/// An answer: its status, and its body as JSON, or as text where it is none.
struct Answer(u16, Value);

impl Lab {
    fn of(harness: &mut Harness) -> Self {
        let line = harness.wait_for("the live lab: http://");
        let (address, token) = line
            .split_once("http://")
            .and_then(|(_, rest)| rest.split_once("/#token="))
            .expect("an address with a token");
        Self { address: address.parse().expect("an address"), token: token.to_owned() }
    }

    fn connect(&self, head: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let length = body.len();
        write!(stream, "{head}content-length: {length}\r\nconnection: close\r\n\r\n{body}").expect("sent");
        stream
    }

    fn ask_as(&self, host: &str, token: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let kind = body.map_or("", |_| "content-type: application/json\r\n");
        let body = body.map(Value::to_string).unwrap_or_default();
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n{kind}");
        let mut answer = String::new();
        self.connect(&head, &body).read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Answer(status, serde_json::from_str(body).unwrap_or_else(|_| body.into()))
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.ask_as(&self.address.to_string(), &self.token, method, path, body)
    }

    fn state(&self) -> Value {
        let Answer(status, state) = self.ask("GET", "/api/state", None);
        assert_eq!(status, 200);
        state
    }

    /// Looks until the state is so.
    fn wait(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let state = self.state();
            if is_so(&state) {
                return state;
            }
            assert!(Instant::now() < until, "not {what}: {state}");
            std::thread::sleep(PAUSE);
        }
    }

    /// The first event that a viewer is told.
    fn first_event(&self) -> (String, Value) {
        let head = format!("GET /api/events HTTP/1.1\r\nhost: {}\r\n", self.address);
        let lines = BufReader::new(self.connect(&head, "")).lines().map(|line| line.expect("a line"));
        let mut told = lines.skip_while(|line| !line.starts_with("event: "));
        let event = told.next().expect("an event")["event: ".len()..].to_owned();
        let data = told.next().expect("its data");
        (event, serde_json::from_str(&data["data: ".len()..]).expect("JSON"))
    }
}

fn is_at(stage: &str) -> impl Fn(&Value) -> bool {
    move |state| state["run"]["stage"] == stage
}

/// Reports whether each of the five paths did something in a second that began after `moment`, in seconds.
fn was_loaded_since(state: &Value, moment: &Value) -> bool {
    let moment = moment.as_f64().expect("seconds");
    let seconds = state["seconds"].as_array().expect("seconds").iter();
    let after = seconds.filter(|second| second["second"].as_f64().is_some_and(|second| second >= moment));
    let loaded: BTreeSet<&String> =
        after.flat_map(|second| second["paths"].as_object().expect("paths").keys()).collect();
    loaded.len() == 5
}

#[test]
fn a_run_is_watched_and_a_fault_by_hand_is_judged_with_it() {
    let _turn = lab::turn();
    let mut harness = Harness::start(&["run", "scenarios/healthy.toml", "--ui", "127.0.0.1:0"]);
    let lab = Lab::of(&mut harness);
    let kill = json!({ "kind": "kill", "node": "listener" });
    lab.wait("under load", is_at("load"));

    // Who is answered, and who may act.
    let own = lab.address.to_string();
    let refused = |host: &str, token: &str| lab.ask_as(host, token, "POST", "/api/faults", Some(&kill)).0;
    assert_eq!(refused("rebind.example.com", &lab.token), 403);
    assert_eq!(refused(&own, "wrong"), 401);
    for (body, status, told) in [
        (json!({ "kind": "kill", "node": "redis" }), 422, "expected one of authentication, broker"),
        (json!([1]), 400, "expected a JSON object"),
    ] {
        let Answer(was, said) = lab.ask("POST", "/api/faults", Some(&body));
        assert_eq!(was, status, "{said}");
        assert!(said["error"].as_str().is_some_and(|error| error.contains(told)), "{said}");
    }
    assert_eq!(lab.ask("POST", "/api/run", Some(&json!({ "rates": { "ping": "1/s" } }))).0, 409);
    assert_eq!(lab.ask("DELETE", "/api/faults/0", None).0, 404);

    // A fault by hand, from its beginning to its end.
    let Answer(status, begun) = lab.ask("POST", "/api/faults", Some(&kill));
    assert_eq!((status, &begun["index"]), (202, &json!(0)), "{begun}");
    assert_eq!(lab.ask("POST", "/api/faults", Some(&kill)).0, 409);
    lab.wait("active", |state| state["faults"][0]["active"].is_number());
    lab.wait("seen down", |state| state["nodes"]["listener"]["state"] == "down");
    // A fault during which a path did nothing says nothing of that path, and the verdict would be unknown.
    lab.wait("loaded during the fault", |state| was_loaded_since(state, &state["faults"][0]["active"]));
    assert_eq!(lab.ask("DELETE", "/api/faults/0", None).0, 202);
    lab.wait("over", |state| state["faults"][0]["ready"].is_number());

    // A viewer who comes in the middle is told all of it.
    let (event, told) = lab.first_event();
    assert_eq!(event, "state");
    assert_eq!(told["faults"][0]["what"], "kill listener");
    assert!(!told["seconds"].as_array().expect("seconds").is_empty());

    let state = lab.wait("judged", |state| state["verdict"].is_object());
    assert_eq!(state["verdict"]["verdict"], "pass", "{}", state["verdict"]);
    let folder = state["verdict"]["folder"].as_str().expect("a folder").to_owned();
    let Answer(_, report) = lab.ask("GET", &format!("/runs/{folder}/report.json"), None);
    assert_eq!(report["faults"][0]["what"], "kill listener");
    assert_eq!(report["why"], state["verdict"]["why"]);
    let offered: u64 = report["paths"]
        .as_object()
        .expect("paths")
        .values()
        .map(|path| path["offered"].as_u64().expect("a count"))
        .sum();
    assert_eq!(state["counts"]["offered"], offered);
    assert_eq!((&state["counts"]["lost"], &state["counts"]["duplicated"]), (&json!(0), &json!(0)));
    assert_eq!(lab.ask("GET", &format!("/runs/{folder}/history.jsonl"), None).0, 404);
    assert_eq!(lab.ask("POST", "/api/faults", Some(&kill)).0, 409);

    harness.signal(Signal::SIGINT);
    let (code, _, runs) = harness.end();
    assert_eq!(code, Some(0));
    let again = lab::faultline().arg("report").arg(runs.path().join(folder)).output().expect("faultline");
    assert_eq!(again.status.code(), Some(0), "the history holds what was done by hand");
}

#[test]
fn a_load_by_hand_on_a_system_that_is_up_ends_in_a_verdict_and_can_be_done_again() {
    let _turn = lab::turn();
    let mut harness = Harness::start(&["up", "--ui", "127.0.0.1:0"]);
    let lab = Lab::of(&mut harness);
    harness.wait_for("listener ready");
    lab.wait("up", |state| {
        let nodes = state["nodes"].as_object();
        nodes.is_some_and(|nodes| !nodes.is_empty() && nodes.values().all(|node| node["ready"] == true))
    });

    // Between runs, and in the way of one.
    let slow = json!({ "kind": "latency", "link": "broker->authentication", "latency": "50ms" });
    assert_eq!(lab.ask("POST", "/api/faults", Some(&slow)).0, 202);
    lab.wait("active", |state| state["between"][0]["active"].is_number());
    let load = json!({ "rates": { "log-amqp": "50/s", "log-grpc": "20/s" } });
    let Answer(status, told) = lab.ask("POST", "/api/run", Some(&load));
    assert_eq!(status, 409);
    assert!(told["error"].as_str().is_some_and(|told| told.contains("heal it first")), "{told}");
    assert_eq!(lab.ask("DELETE", "/api/faults/0", None).0, 202);
    lab.wait("over", |state| state["between"][0]["ready"].is_number());

    for (body, right) in
        [(json!({}), "rates: expected"), (json!({ "rates": { "pong": "1/s" } }), "expected one of")]
    {
        let Answer(status, told) = lab.ask("POST", "/api/run", Some(&body));
        assert_eq!(status, 422);
        assert!(told["error"].as_str().is_some_and(|told| told.contains(right)), "{told}");
    }
    assert_eq!(lab.ask("DELETE", "/api/run", None).0, 409);
    assert_eq!(lab.ask("POST", "/api/run", Some(&load)).0, 202);
    assert_eq!(lab.ask("POST", "/api/run", Some(&load)).0, 409);
    lab.wait("under load", |state| state["counts"]["ok"].as_u64() > Some(50));
    assert_eq!(lab.ask("POST", "/api/faults", Some(&json!({ "kind": "pause", "node": "mongo" }))).0, 202);
    lab.wait("active", |state| state["faults"][0]["active"].is_number());
    // Ending the load heals the active faults.
    assert_eq!(lab.ask("DELETE", "/api/run", None).0, 202);
    let state = lab.wait("judged", |state| state["verdict"].is_object());
    assert_eq!(state["verdict"]["verdict"], "pass", "{}", state["verdict"]);
    assert!(state["faults"][0]["ready"].is_number());
    let folder = state["verdict"]["folder"].as_str().expect("a folder").to_owned();
    let Answer(_, listed) = lab.ask("GET", "/api/runs", None);
    assert_eq!((&listed[0]["folder"], &listed[0]["verdict"]), (&json!(folder), &json!("pass")));

    harness.signal(Signal::SIGINT);
    let (code, told, runs) = harness.end();
    assert_eq!(code, Some(0), "{told}");
    let folder = runs.path().join(folder);
    assert!(folder.join("logs/broker.log").is_file(), "its report finds the logs of the nodes");
    let again = folder.join("scenario.toml");
    let output = lab::faultline().arg("validate").arg(&again).output().expect("faultline");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(again).expect("a scenario");
    assert!(text.contains("kind = \"pause\"") && text.contains("node = \"mongo\""), "{text}");
}
