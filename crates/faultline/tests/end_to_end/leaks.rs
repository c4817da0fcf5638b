//! What is left when a harness ends, in each way that it can: nothing.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use faultline::runner::folder::owner::Owner;
use faultline::stack::{data, tree};
use nix::sys::signal::Signal;

use crate::lab::{self, Harness, heal, run_folder};

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

/// Looks for the data of the one run, in its folder and where other accounts can reach it.
fn has_data(runs: &Path) -> bool {
    let folder = run_folder(runs);
    let owner = std::fs::read(folder.join("run.json")).expect("an owner");
    let owner: Owner = serde_json::from_slice(&owner).expect("an owner");
    !data::found(&folder, &owner.run).is_empty()
}

#[test]
fn sigkill_in_mid_fault_leaves_no_process_and_heal_a_clean_state() {
    let _turn = lab::turn();
    let mut harness = Harness::start(&["run", "scenarios/rabbitmq-paused.toml", "--provider", "processes"]);
    harness.wait_for("pause rabbitmq is active");
    let family = harness.family();
    assert!(family.len() > 7, "seven nodes and their children: {family:?}");
    harness.signal(Signal::SIGKILL);
    let (code, _, runs) = harness.end();
    assert_eq!(code, None);
    are_gone(&family);
    let told = heal(runs.path());
    assert!(told.contains("rabbitmq was paused") && told.contains("cleaned up"), "{told}");
    assert!(!has_data(runs.path()));
    assert_eq!(heal(runs.path()), "nothing to clean up\n");
    assert_eq!(report_code(runs.path()), Some(2), "a history that breaks off is no pass");
}

fn report_code(runs: &Path) -> Option<i32> {
    lab::faultline().arg("report").arg(run_folder(runs)).output().expect("faultline").status.code()
}

#[test]
fn ctrl_c_once_ends_in_order_with_a_report() {
    let _turn = lab::turn();
    let mut harness = Harness::start(&["run", "scenarios/rabbitmq-paused.toml", "--provider", "processes"]);
    harness.wait_for("pause rabbitmq is active");
    let family = harness.family();
    harness.signal(Signal::SIGINT);
    let (code, told, runs) = harness.end();
    assert_eq!(code, Some(130), "{told}");
    assert!(told.contains("pause rabbitmq is healed"), "{told}");
    are_gone(&family);
    assert!(run_folder(runs.path()).join("report.json").exists() && !has_data(runs.path()));
    assert_eq!(heal(runs.path()), "nothing to clean up\n");
}

#[test]
fn ctrl_c_twice_ends_at_once() {
    let _turn = lab::turn();
    let mut harness = Harness::start(&["run", "scenarios/healthy.toml", "--provider", "processes"]);
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
    let mut harness = Harness::start(&["run", "scenarios/healthy.toml", "--provider", "processes"]);
    harness.wait_for("postgres ready");
    let family = harness.family();
    harness.signal(Signal::SIGTERM);
    let (code, told, runs) = harness.end();
    assert_eq!(code, Some(130), "{told}");
    are_gone(&family);
    assert_eq!(heal(runs.path()), "nothing to clean up\n");
}

#[test]
fn up_serves_the_contracts_ports_once_and_down_ends_it() {
    let _turn = lab::turn();
    let mut first = Harness::start(&["up", "--provider", "processes"]);
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
    let second = Harness::start(&["up", "--provider", "processes"]);
    let (code, told, _second_runs) = second.end();
    assert_eq!(code, Some(69), "{told}");
    assert!(told.contains("port 8080 is in use by"), "{told}");
    let down = lab::faultline().arg("down").arg("--runs").arg(&runs).output().expect("faultline");
    assert!(down.status.success(), "{}", String::from_utf8_lossy(&down.stderr));
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("the rest");
    assert!(rest.contains("amqp://guest:***@127.0.0.1:5672/") && !rest.contains(":password@"), "{rest}");
    let (code, told, runs) = first.end();
    assert_eq!(code, Some(0), "{told}");
    are_gone(&family);
    assert!(!has_data(runs.path()));
}
