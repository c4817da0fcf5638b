//! What only a container engine shows: nothing is left of a run in it however the harness ends, an engine that
//! dies makes the verdict unknown, and images that are missing are named.
//!
//! These need an engine that holds the images of the compose file: `make test-containers`.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use nix::sys::signal::Signal;

use crate::lab::{self, Harness, heal, run_folder};

/// What `docker` prints.
fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().expect("docker");
    assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Every container, network and volume of the engine.
fn everything() -> BTreeSet<String> {
    let lists = [
        docker(&["ps", "--all", "--quiet", "--no-trunc"]),
        docker(&["network", "ls", "--quiet", "--no-trunc"]),
        docker(&["volume", "ls", "--quiet"]),
    ];
    lists.iter().flat_map(|list| list.lines()).map(str::to_owned).collect()
}

/// A container of somebody else, with a volume of its own, until dropped.
struct Foreign(String);

impl Foreign {
    fn start() -> Self {
        let image = lab::system().nodes["mongo"].container.as_ref().expect("an image").image.clone();
        let run = ["run", "--detach", "--env", "MONGO_INITDB_ROOT_USERNAME=x"];
        let rest = ["--env", "MONGO_INITDB_ROOT_PASSWORD=x", "--label", "somebody=else", &image];
        Self(docker(&[&run[..], &rest[..]].concat()).trim().to_owned())
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rm", "--force", "--volumes", &self.0]).output();
    }
}

/// Runs a scenario on containers until a line, ends it by signals, and checks that nothing is left after `heal`.
fn leaves_nothing(scenario: &str, line: &str, signals: &[Signal], code: Option<i32>) {
    let _turn = lab::turn();
    let _foreign = Foreign::start();
    let before = everything();
    let mut harness = Harness::start(&["run", scenario, "--provider", "containers"]);
    harness.wait_for(line);
    for (index, signal) in signals.iter().enumerate() {
        if index > 0 {
            harness.wait_for("once more ends at once");
        }
        harness.signal(*signal);
    }
    let (ended, told, runs) = harness.end();
    assert_eq!(ended, code, "{told}");
    let told = heal(runs.path());
    assert_eq!(everything(), before, "{told}");
    assert_eq!(heal(runs.path()), "nothing to clean up\n");
}

#[test]
#[ignore = "needs a container engine and the images: make test-containers"]
fn sigkill_while_starting() {
    leaves_nothing("scenarios/healthy.toml", "starting 7 nodes", &[Signal::SIGKILL], None);
}

#[test]
#[ignore = "needs a container engine and the images: make test-containers"]
fn sigkill_while_some_are_ready() {
    leaves_nothing("scenarios/healthy.toml", "mongo ready", &[Signal::SIGKILL], None);
}

#[test]
#[ignore = "needs a container engine and the images: make test-containers"]
fn sigkill_in_mid_fault() {
    leaves_nothing("scenarios/rabbitmq-paused.toml", "pause rabbitmq is active", &[Signal::SIGKILL], None);
}

#[test]
#[ignore = "needs a container engine and the images: make test-containers"]
fn sigkill_while_ending() {
    leaves_nothing("scenarios/healthy.toml", "stopping the system", &[Signal::SIGKILL], None);
}

#[test]
#[ignore = "needs a container engine and the images: make test-containers"]
fn ctrl_c_once() {
    leaves_nothing(
        "scenarios/rabbitmq-paused.toml",
        "pause rabbitmq is active",
        &[Signal::SIGINT],
        Some(130),
    );
}

#[test]
#[ignore = "needs a container engine and the images: make test-containers"]
fn ctrl_c_twice() {
    let signals = [Signal::SIGINT, Signal::SIGINT];
    leaves_nothing("scenarios/healthy.toml", "load for", &signals, Some(130));
}

#[test]
#[ignore = "needs a container engine and the images: make test-containers"]
fn sigterm_while_starting() {
    leaves_nothing("scenarios/healthy.toml", "mongo ready", &[Signal::SIGTERM], Some(130));
}

#[test]
#[ignore = "needs a container engine and the images: make test-containers"]
fn a_run_that_fails() {
    let scenario = tempfile::Builder::new().suffix(".toml").tempfile().expect("a file");
    // No path can keep this while its server is down.
    let text = "shows = \"a failure\"\n[[load]]\nfor = \"3s\"\nrates = { log-grpc = \"20/s\" }\n\
                [[fault]]\nkind = \"kill\"\nnode = \"mongo\"\nat = \"1s\"\nfor = \"1s\"\n\
                [expect]\nduring = { log-grpc = \"100%\" }\n";
    std::fs::write(scenario.path(), text).expect("written");
    leaves_nothing(scenario.path().to_str().expect("a path"), "stopping the system", &[], Some(1));
}

#[test]
#[ignore = "needs a container engine and the images: make test-containers"]
fn a_panic() {
    let _turn = lab::turn();
    let _foreign = Foreign::start();
    let before = everything();
    let child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "lab::panicking::starts_a_node_and_panics", "--ignored"])
        .env("FAULTLINE_PROVIDER", "containers")
        .output()
        .expect("this program");
    let told = String::from_utf8_lossy(&child.stdout).into_owned();
    assert!(!child.status.success() && told.contains("on purpose, with running as pid"), "{told}");
    let runs = tempfile::tempdir().expect("a folder");
    let told = heal(runs.path());
    assert_eq!(everything(), before, "{told}");
    assert_eq!(heal(runs.path()), "nothing to clean up\n");
}

/// Stands between the harness and the engine, and can be cut for good: to the harness the engine is dead then.
struct Engine {
    folder: tempfile::TempDir,
    open: Arc<Mutex<Option<Vec<UnixStream>>>>,
}

impl Engine {
    fn front_of(real: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join("engine.sock")).expect("a socket");
        let open = Arc::new(Mutex::new(Some(Vec::new())));
        let (shared, real) = (Arc::clone(&open), real.to_owned());
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let engine = UnixStream::connect(&real).expect("the engine");
                let copy = |stream: &UnixStream| stream.try_clone().expect("a copy");
                match shared.lock().expect("unbroken").as_mut() {
                    Some(open) => open.extend([copy(&client), copy(&engine)]),
                    None => return,
                }
                pipe(copy(&client), copy(&engine));
                pipe(engine, client);
            }
        });
        Self { folder, open }
    }

    fn host(&self) -> String {
        format!("unix://{}", self.folder.path().join("engine.sock").display())
    }

    fn die(&self) {
        std::fs::remove_file(self.folder.path().join("engine.sock")).expect("removed");
        for stream in self.open.lock().expect("unbroken").take().into_iter().flatten() {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

fn pipe(mut from: UnixStream, mut to: UnixStream) {
    std::thread::spawn(move || {
        let mut bytes = [0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            if to.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
}

/// The socket of the engine that the tests use.
fn socket() -> String {
    let host = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
    host.strip_prefix("unix://").expect("an engine of this machine").to_owned()
}

#[test]
#[ignore = "needs a container engine and the images: make test-containers"]
fn an_engine_that_dies_in_mid_run_makes_the_verdict_unknown() {
    let _turn = lab::turn();
    let before = everything();
    let engine = Engine::front_of(&socket());
    let arguments = ["run", "scenarios/rabbitmq-killed.toml", "--provider", "containers"];
    let mut harness = Harness::start_with(&arguments, &[("DOCKER_HOST", &engine.host())]);
    harness.wait_for("load for");
    engine.die();
    let (code, told, runs) = harness.end();
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("engine"), "{told}");
    let report = std::fs::read_to_string(run_folder(runs.path()).join("report.json")).expect("a report");
    assert!(report.contains("\"verdict\": \"unknown\""), "{report}");
    heal(runs.path());
    assert_eq!(everything(), before);
}

/// What `run` says where it can't use an engine, with exit code 69.
fn refused(variables: &[(&str, &str)]) -> String {
    let arguments = ["run", "scenarios/healthy.toml", "--provider", "containers"];
    let (code, told, runs) = Harness::start_with(&arguments, variables).end();
    assert_eq!(code, Some(69), "{told}");
    assert!(!has_data(runs.path()) && !told.contains("panicked"), "{told}");
    told
}

fn has_data(runs: &Path) -> bool {
    run_folder(runs).join("nodes").exists()
}

#[test]
fn no_engine_is_told_with_what_to_do() {
    let told = refused(&[("DOCKER_HOST", "unix:///no/such/engine.sock")]);
    for part in ["/no/such/engine.sock", "start it", "--provider processes"] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
#[ignore = "needs a container engine and the images: make test-containers"]
fn a_missing_image_is_named_with_the_command_that_gets_it() {
    let told = refused(&[("MONGO_IMAGE", "faultline/no-such-image:7")]);
    assert!(told.contains("docker pull faultline/no-such-image:7"), "{told}");
    let told = refused(&[("BROKER_IMAGE", "faultline/no-such-broker:7")]);
    assert!(told.contains("docker compose build broker"), "{told}");
}

#[test]
#[ignore = "needs a container engine and the images: make test-containers"]
fn services_run_as_processes_beside_servers_in_containers() {
    let _turn = lab::turn();
    let before = everything();
    let arguments = ["run", "scenarios/rabbitmq-killed.toml", "--services", "processes", "--seed", "3"];
    let mut harness = Harness::start(&arguments);
    harness.wait_for("3 nodes as containers, 4 as processes");
    let (code, told, runs) = harness.end();
    assert_eq!(code, Some(0), "{told}");
    assert_eq!((everything(), heal(runs.path()).as_str()), (before, "nothing to clean up\n"));
}
