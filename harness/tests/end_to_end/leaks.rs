//! What is left when a harness ends, in each way that it can: nothing.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use faultline::fault::heal;
use faultline::stack::tree;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::lab;

/// A run of a scenario in a process of its own.
struct Harness {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStderr>>,
    runs: tempfile::TempDir,
}

impl Harness {
    fn start(arguments: &[&str]) -> Self {
        let runs = tempfile::tempdir().expect("a folder");
        let mut child = lab::faultline()
            .args(arguments)
            .arg("--runs")
            .arg(runs.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("faultline");
        let lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        Self { child, lines, runs }
    }

    /// Reads on until a line holds `part`.
    fn wait_for(&mut self, part: &str) {
        let mut told = Vec::new();
        for line in self.lines.by_ref() {
            let line = line.expect("a line");
            if line.contains(part) {
                return;
            }
            told.push(line);
        }
        panic!("\"{part}\" was not told; this was:\n{}", told.join("\n"));
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).expect("signalled");
    }

    /// Its exit code, and what else it told on standard error.
    fn end(mut self) -> (Option<i32>, String, tempfile::TempDir) {
        let rest: Vec<String> = self.lines.by_ref().map_while(Result::ok).collect();
        let status = self.child.wait().expect("an end");
        (status.code(), rest.join("\n"), self.runs)
    }

    /// Processes of this machine that carry its mark.
    fn family(&self) -> BTreeSet<u32> {
        let mark = format!("{}:", self.child.id());
        let all = tree::all().expect("/proc");
        let marked = all.into_iter().filter(|process| {
            tree::variable(process.pid, heal::HARNESS).is_some_and(|harness| harness.starts_with(&mark))
        });
        marked.filter(|process| process.state != 'Z').map(|process| process.pid).collect()
    }
}

/// Waits until none of them is there; the kernel ends them at once, but not in no time.
fn are_gone(pids: &BTreeSet<u32>) {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let left: Vec<u32> = pids
            .iter()
            .copied()
            .filter(|pid| tree::see(*pid).is_some_and(|process| process.state != 'Z'))
            .collect();
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < until, "still there: {left:?}");
        std::thread::yield_now();
    }
}

fn heal(runs: &Path) -> String {
    let output = lab::faultline().arg("heal").arg("--runs").arg(runs).output().expect("faultline");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The one folder of a run.
fn run_folder(runs: &Path) -> PathBuf {
    let mut folders = std::fs::read_dir(runs).expect("runs").map(|entry| entry.expect("an entry").path());
    folders.next().expect("a run")
}

fn has_data(runs: &Path) -> bool {
    run_folder(runs).join("nodes").exists()
}

#[test]
fn sigkill_in_mid_fault_leaves_no_process_and_heal_a_clean_state() {
    let _turn = lab::turn();
    let mut harness = Harness::start(&["run", "scenarios/rabbitmq-paused.toml"]);
    harness.wait_for("FAULT pause rabbitmq");
    let family = harness.family();
    assert!(family.len() > 7, "seven nodes and their children: {family:?}");
    harness.signal(Signal::SIGKILL);
    let (code, _, runs) = harness.end();
    assert_eq!(code, None);
    are_gone(&family);
    let told = heal(runs.path());
    assert!(told.contains("rabbitmq was paused") && told.contains("healed:"), "{told}");
    assert!(!has_data(runs.path()));
    assert_eq!(heal(runs.path()), "clean: nothing was left\n");
    assert_eq!(report_code(runs.path()), Some(2), "a history that breaks off is no pass");
}

fn report_code(runs: &Path) -> Option<i32> {
    lab::faultline().arg("report").arg(run_folder(runs)).output().expect("faultline").status.code()
}

#[test]
fn ctrl_c_once_ends_in_order_with_a_report() {
    let _turn = lab::turn();
    let mut harness = Harness::start(&["run", "scenarios/rabbitmq-paused.toml"]);
    harness.wait_for("FAULT pause rabbitmq");
    let family = harness.family();
    harness.signal(Signal::SIGINT);
    let (code, told, runs) = harness.end();
    assert_eq!(code, Some(130), "{told}");
    assert!(told.contains("undone pause rabbitmq"), "{told}");
    are_gone(&family);
    assert!(run_folder(runs.path()).join("report.json").exists() && !has_data(runs.path()));
    assert_eq!(heal(runs.path()), "clean: nothing was left\n");
}

#[test]
fn ctrl_c_twice_ends_at_once() {
    let _turn = lab::turn();
    let mut harness = Harness::start(&["run", "scenarios/healthy.toml"]);
    harness.wait_for("load for");
    let family = harness.family();
    harness.signal(Signal::SIGINT);
    harness.wait_for("once more ends at once");
    harness.signal(Signal::SIGTERM);
    let (code, told, runs) = harness.end();
    assert_eq!(code, Some(130), "{told}");
    are_gone(&family);
    heal(runs.path());
    assert!(!has_data(runs.path()));
}

#[test]
fn sigterm_while_starting_leaves_nothing() {
    let _turn = lab::turn();
    let mut harness = Harness::start(&["run", "scenarios/healthy.toml"]);
    harness.wait_for("postgres ready");
    let family = harness.family();
    harness.signal(Signal::SIGTERM);
    let (code, told, runs) = harness.end();
    assert_eq!(code, Some(130), "{told}");
    are_gone(&family);
    assert_eq!(heal(runs.path()), "clean: nothing was left\n");
}

#[test]
fn up_serves_the_contracts_ports_once_and_down_ends_it() {
    let _turn = lab::turn();
    let mut first = Harness::start(&["up"]);
    let runs = first.runs.path().to_path_buf();
    // Told on standard output, when everything is ready.
    let mut ready = String::new();
    let mut out = BufReader::new(first.child.stdout.take().expect("a pipe"));
    out.read_line(&mut ready).expect("a line");
    assert!(ready.starts_with("the system is ready"), "{ready}");
    let family = first.family();
    for port in [8080, 50001, 5432, 27017, 5672, 15672] {
        std::net::TcpStream::connect(("127.0.0.1", port))
            .unwrap_or_else(|error| panic!("port {port}: {error}"));
    }
    let second = Harness::start(&["up"]);
    let (code, told, _second_runs) = second.end();
    assert_eq!(code, Some(69), "{told}");
    assert!(told.contains("port 8080 is in use by"), "{told}");
    let down = lab::faultline().arg("down").arg("--runs").arg(&runs).output().expect("faultline");
    assert!(down.status.success(), "{}", String::from_utf8_lossy(&down.stderr));
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("the rest");
    let (code, told, runs) = first.end();
    assert_eq!(code, Some(0), "{told}");
    are_gone(&family);
    assert!(!has_data(runs.path()));
}
