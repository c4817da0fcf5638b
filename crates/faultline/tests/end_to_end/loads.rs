//! `faultline load` and `faultline capacity`, on the real system and on servers that are slow or silent on purpose.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Output;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::lab::{self, Harness};

/// Runs it with a folder for runs of its own.
fn faultline(arguments: &[&str]) -> (Output, tempfile::TempDir) {
    let runs = tempfile::tempdir().expect("a folder");
    let output = lab::faultline()
        .args(arguments)
        .arg("--runs")
        .arg(runs.path())
        .env("NO_COLOR", "1")
        .output()
        .expect("faultline");
    (output, runs)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", text(&output.stdout), text(&output.stderr)))
}

/// The only folder of a run in `runs`.
fn folder(runs: &Path) -> PathBuf {
    let mut all = std::fs::read_dir(runs).expect("runs").map(|entry| entry.expect("an entry").path());
    all.next().expect("a folder of a run")
}

/// A server of which each connection is served as it is told, on a thread of its own.
fn server(serve: fn(TcpStream)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || serve(stream));
        }
    });
    address
}

/// Takes requests and never answers.
fn silent(mut stream: TcpStream) {
    let _ = std::io::copy(&mut stream, &mut std::io::sink());
}

/// Answers each request that it reads with the same bytes.
fn answer(mut stream: TcpStream, bytes: &[u8]) {
    let mut request = [0; 4096];
    while stream.read(&mut request).is_ok_and(|read| read > 0) && stream.write_all(bytes).is_ok() {}
}

/// Refuses everything.
fn busy(stream: TcpStream) {
    answer(stream, b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nbusy");
}

/// Answers once on each connection and closes it.
fn closing(mut stream: TcpStream) {
    let mut request = [0; 4096];
    let _ = stream.read(&mut request);
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi");
}

#[test]
fn a_mix_on_a_system_that_runs_is_measured_by_path_and_second() {
    let shared = lab::shared();
    let at = shared.address("broker", 8080).to_string();
    let (output, runs) = faultline(&[
        "load",
        "--at",
        &at,
        "--rate=ping=100/s",
        "--rate=log-json=poisson 20/s..60/s in 2 steps",
        "--for=3s",
        "--payload=64:1,300:1",
        "--seed=7",
        "--output=json",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report = report(&output);
    let (ping, log) = (&report["whole"]["ping"], &report["whole"]["log-json"]);
    assert_eq!((&ping["offered"], &ping["ok"]), (&300.into(), &300.into()), "{report:#}");
    assert!(log["offered"].as_u64() > Some(60) && log["offered"] == log["ok"], "{report:#}");
    // The folder tells the same, second by second.
    let folder = folder(runs.path());
    let seconds = std::fs::read_to_string(folder.join("seconds.jsonl")).expect("seconds");
    let seconds: Vec<Value> =
        seconds.lines().map(|line| serde_json::from_str(line).expect("a second")).collect();
    let sum = |path: &str| -> u64 {
        let of_path = seconds.iter().filter(|second| second["path"] == path);
        of_path.map(|second| second["tally"]["ok"].as_u64().expect("a count")).sum()
    };
    assert_eq!((Some(sum("ping")), Some(sum("log-json"))), (ping["ok"].as_u64(), log["ok"].as_u64()));
    for file in ["load.json", "load.svg", "schedule.json"] {
        assert!(folder.join(file).is_file(), "{file}");
    }
}

#[test]
fn one_seed_gives_one_load() {
    let address = server(busy);
    let url = format!("http://{address}/");
    let schedule = || {
        let rate = "--rate=get=poisson 200/s";
        let (_, runs) = faultline(&["load", "--get", &url, rate, "--for=500ms", "--seed=5"]);
        std::fs::read_to_string(folder(runs.path()).join("schedule.json")).expect("a schedule")
    };
    assert_eq!(schedule(), schedule());
}

#[test]
fn arrivals_are_replayed_from_a_file() {
    let address = server(closing);
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "# seconds,path\n0.5,get\n0.1,get\n0.1,get\n").expect("written");
    let (url, path) = (format!("http://{address}/"), file.path().to_str().expect("a path"));
    let (output, _runs) = faultline(&["load", "--get", &url, "--replay", path, "--output=json"]);
    let report = report(&output);
    assert_eq!(
        (&report["whole"]["get"]["ok"], report["phases"].as_array().map(Vec::len)),
        (&3.into(), Some(1))
    );
}

#[test]
fn what_is_refused_is_counted_with_its_status_and_a_threshold_ends_the_load() {
    let url = format!("http://{}/", server(busy));
    let arguments = ["load", "--get", &url, "--rate=get=50/s", "--for=60s", "--abort-if=errors > 50%"];
    let (output, runs) = faultline(&arguments);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}{}", text(&output.stderr));
    assert!(told.contains("aborted: threshold `errors > 50%` crossed at 5 s (over the last 5 s)"), "{told}");
    let result = std::fs::read(folder(runs.path()).join("load.json")).expect("a result");
    let result: Value = serde_json::from_slice(&result).expect("JSON");
    let tally = &result["phases"][0]["paths"]["get"];
    assert_eq!(
        (&tally["ok"], &tally["fail"], &tally["messages"]["busy"]),
        (&0.into(), &tally["statuses"]["503"], &tally["fail"])
    );
}

/// Answers everything with a page.
fn page(stream: TcpStream) {
    answer(stream, b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n<html></html>");
}

/// Answers everything with nothing.
fn empty(stream: TcpStream) {
    answer(stream, b"HTTP/1.1 204 No Content\r\n\r\n");
}

#[test]
fn a_success_in_another_shape_than_the_path_declares_acknowledges_nothing() {
    for (serve, found) in [(page as fn(TcpStream), "<html></html>"), (empty, "an empty body")] {
        let at = server(serve).to_string();
        let rate = "--rate=ping=20/s";
        let (output, runs) = faultline(&["load", "--at", &at, rate, "--for=1s", "--output=json"]);
        let report = report(&output);
        let ping = &report["whole"]["ping"];
        assert_eq!((&ping["ok"], &ping["info"]), (&0.into(), &20.into()), "{report:#}");
        let result = std::fs::read(folder(runs.path()).join("load.json")).expect("a result");
        let result: Value = serde_json::from_slice(&result).expect("JSON");
        let told = format!("answer: expected {{\"error\": false, \"message\": text}}, found {found}");
        assert_eq!(result["phases"][0]["paths"]["ping"]["messages"][&told], 20, "{result:#}");
    }
}

#[test]
fn a_server_that_never_answers_leaves_outcomes_unknown_and_operations_unsent() {
    let url = format!("http://{}/", server(silent));
    let rate = "--rate=get=20/s";
    let bounds = ["--for=2s", "--timeout=500ms", "--in-flight=5", "--output=json"];
    let (output, _runs) = faultline(&[&["load", "--get", &url, rate][..], &bounds].concat());
    let report = report(&output);
    let get = &report["whole"]["get"];
    // Five at once, each given up after half a second and a second of grace: two rounds begin in two seconds.
    assert_eq!(
        (&get["offered"], &get["ok"], &get["info"], &get["dropped"]),
        (&40.into(), &0.into(), &10.into(), &30.into())
    );
    assert!(
        report["doubts"][0].as_str().is_some_and(|doubt| doubt.starts_with("30 operations were dropped")),
        "{report:#}"
    );
}

#[test]
fn an_interrupted_load_tells_what_it_measured() {
    let url = format!("http://{}/", server(closing));
    let mut harness = Harness::start(&["load", "--get", &url, "--rate=get=100/s", "--for=60s"]);
    harness.wait_for("get 100/s");
    harness.signal(Signal::SIGINT);
    let mut told = String::new();
    let mut out = harness.child.stdout.take().expect("a pipe");
    let (code, errors, runs) = harness.end();
    out.read_to_string(&mut told).expect("text");
    assert_eq!(code, Some(130), "{errors}");
    assert!(told.contains("interrupted: the figures end at the interruption"), "{told}");
    assert!(folder(runs.path()).join("load.json").is_file());
}

#[test]
fn a_capacity_is_found_and_drawn() {
    // What a limit of one operation in flight makes of an answer after 20 ms: at most 50 a second.
    fn slow(mut stream: TcpStream) {
        let mut request = [0; 4096];
        while stream.read(&mut request).is_ok_and(|read| read > 0) {
            std::thread::sleep(std::time::Duration::from_millis(20));
            if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").is_err() {
                return;
            }
        }
    }
    let url = format!("http://{}/", server(slow));
    // A seed: of so few arrivals some draw more close together than the SLO allows, at any rate.
    let options =
        ["--from=5/s", "--trial=1s", "--in-flight=1", "--slo=errors < 40%", "--seed=3", "--output=json"];
    let (output, runs) = faultline(&[&["capacity", "--get", &url][..], &options].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report = report(&output);
    assert_eq!(report["found"]["found"], "capacity", "{report:#}");
    let rate = report["found"]["rate"].as_f64().expect("a rate");
    assert!((10.0..70.0).contains(&rate), "{report:#}");
    assert!(folder(runs.path()).join("capacity.svg").is_file());
}

#[test]
fn two_loads_are_compared_with_intervals() {
    let url = |serve| format!("http://{}/", server(serve));
    let load = |url: String| {
        let rate = "--rate=get=40/s";
        let (output, runs) = faultline(&["load", "--get", &url, rate, "--for=6s", "--seed=3"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        runs
    };
    let (good, bad) = (load(url(closing)), load(url(busy)));
    let folders = [folder(good.path()), folder(bad.path())];
    let [first, second] = folders.each_ref().map(|folder| folder.to_str().expect("a path"));
    let compared =
        lab::faultline().args(["compare", first, second, "--output=json"]).output().expect("faultline");
    let report = report(&compared);
    let of = |measure: &str| {
        let all = report["comparisons"].as_array().expect("comparisons");
        all.iter().find(|comparison| comparison["measure"] == measure).expect("a comparison").clone()
    };
    assert_eq!((&of("errors %")["second"]["low"], &of("errors %")["differs"]), (&100.0.into(), &true.into()));
    assert_eq!((&of("p50 ms")["second"]["value"], &of("p50 ms")["differs"]), (&Value::Null, &false.into()));
    let refused = lab::faultline().args(["compare", first, "scenarios"]).output().expect("faultline");
    assert_eq!(refused.status.code(), Some(64));
    assert!(
        text(&refused.stderr).contains("scenarios: expected the folder of a load"),
        "{}",
        text(&refused.stderr)
    );
}

#[test]
fn a_control_tells_what_the_fault_did() {
    let _turn = lab::turn();
    let scenario = tempfile::Builder::new().suffix(".toml").tempfile().expect("a file");
    let load = "shows = \"x\"\n[[load]]\nfor = \"22s\"\nrates = { ping = \"20/s\", log-grpc = \"20/s\" }\n";
    let fault = "[[fault]]\nkind = \"latency\"\nlink = \"broker->logger\"\nat = \"4s\"\nfor = \"9s\"\nlatency = \"150ms\"\n";
    std::fs::write(scenario.path(), format!("{load}{fault}")).expect("written");
    let path = scenario.path().to_str().expect("a path");
    let (output, runs) =
        faultline(&["run", path, "--seed=1", "--baseline", "--provider=processes", "--output=json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report = report(&output);
    assert_eq!(std::fs::read_dir(runs.path()).expect("runs").count(), 2);
    assert_eq!(
        (&report["baseline"]["verdict"], report["baseline"]["faults"].as_array().map(Vec::len)),
        (&"pass".into(), Some(0))
    );
    let during = &report["differences"][0];
    let of = |path: &str| {
        let all = during["comparisons"].as_array().expect("comparisons");
        let found =
            all.iter().find(|comparison| comparison["path"] == path && comparison["measure"] == "p50 ms");
        found.expect("a comparison").clone()
    };
    // There and back.
    let slower = of("log-grpc");
    assert!(slower["differs"] == true && slower["difference"]["low"].as_f64() > Some(150.0), "{slower:#}");
    let spared = of("ping");
    assert!(spared["difference"]["high"].as_f64() < Some(50.0), "{spared:#}");
}

#[test]
fn an_objective_that_is_never_or_always_met_is_said_plainly() {
    let url = format!("http://{}/", server(busy));
    let bounds = ["--from=4/s", "--lowest=4/s", "--highest=8/s", "--trial=500ms"];
    let (never, _runs) = faultline(&[&["capacity", "--get", &url][..], &bounds].concat());
    assert_eq!(never.status.code(), Some(1), "{}", text(&never.stderr));
    assert!(
        text(&never.stdout).contains("never met: the SLO does not hold at 4/s"),
        "{}",
        text(&never.stdout)
    );
    let slo = ["--slo=errors < 100%"];
    let url = format!("http://{}/", server(closing));
    let (always, _runs) = faultline(&[&["capacity", "--get", &url][..], &bounds, &slo].concat());
    assert_eq!(always.status.code(), Some(0), "{}", text(&always.stderr));
    assert!(text(&always.stdout).contains("always met: the SLO holds at 8/s"), "{}", text(&always.stdout));
}

#[test]
fn mistakes_are_told_with_what_would_be_right() {
    let unused = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let unused = format!("http://{unused}/");
    for (arguments, code, told) in [
        (&["load"][..], 64, "--rate <PATH=RATE>"),
        (&["load", "--rate=ping=0/s"], 64, "invalid arrival rate \"0/s\""),
        (&["load", "--rate=ping=-5/s"], 64, "invalid arrival rate \"-5/s\""),
        (&["load", "--rate=ping=2000000/s"], 64, "at most 1000000/s"),
        (&["load", "--rate=pong=5/s"], 64, "no path \"pong\""),
        (&["load", "--rate=ping=5/s", "--rate=ping=6/s"], 64, "the path \"ping\" twice"),
        (&["load", "--rate=ping=5/s", "--abort-if=p99"], 64, "it has no < or >"),
        (&["load", "--rate=ping=5/s", "--abort-if=pong p99 > 1s"], 64, "there is no path \"pong\""),
        (&["load", "--rate=ping=5/s", "--payload=10"], 64, "payload: expected 64 to"),
        (&["load", "--rate=ping=5/s", "--at=nowhere"], 64, "expected HOST:PORT"),
        (&["load", "--rate=ping=5/s", "--at=192.0.2.7:80"], 64, "add --allow-remote 192.0.2.7"),
        (&["load", "--replay=no-such-file"], 64, "cannot read the arrivals no-such-file"),
        (&["load", "--get", &unused, "--rate=get=5/s"], 69, "nothing answers at"),
        (&["capacity", "ping", "--slo=p99 > 1s"], 64, "which a worse system meets"),
        (
            &["capacity", "ping", "--from=5/s", "--highest=2/s"],
            64,
            "--from: expected a rate from 1/s to 2/s, found 5/s",
        ),
        (&["capacity", "pong"], 64, "no path \"pong\""),
    ] {
        let (output, runs) = faultline(arguments);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        assert!(errors.contains(told) && !errors.contains("panicked"), "{arguments:?}: {errors}");
        assert_eq!(std::fs::read_dir(runs.path()).expect("runs").count(), 0, "{arguments:?}");
    }
}
