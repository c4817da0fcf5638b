//! A checker that cannot fail is worth nothing: each planted bug must be caught by a scenario, which passes
//! without it (see scenarios.rs).

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use faultline::checker::{Check, Verdict};
use faultline::lab::{Lab, ScenarioFile};
use faultline::report::Report;
use faultline::stack::{Choice, Override};

use crate::lab;

/// Variables that cargo sets for a test, by how their names begin.
const TOLD: [&str; 5] = ["CARGO_BIN_", "CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_PRIMARY_", "OUT_DIR"];

/// Where the programs with planted bugs are; built once, by the cargo that runs the tests.
fn planted(program: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        // What cargo tells this test would be news to build scripts, and all that stands on them be built again.
        for (name, _) in std::env::vars_os() {
            let told = name.to_str().is_some_and(|name| TOLD.iter().any(|prefix| name.starts_with(prefix)));
            if told {
                build.env_remove(name);
            }
        }
        let built = build
            .current_dir(lab::repository())
            // The selection of scripts/build: another one would build every dependency again.
            .args(["build", "--features"])
            .arg("broker/planted-bugs,listener/planted-bugs,logger/planted-bugs")
            .args(["--bin", "broker-planted", "--bin", "listener-planted", "--bin", "logger-planted"])
            .output()
            .expect("cargo");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let this = std::env::current_exe().expect("this test");
        this.ancestors().nth(2).expect("a target folder").to_path_buf()
    });
    folder.join(program)
}

/// Runs a scenario with a bug planted in some services.
fn run(scenario: &str, bug: &str, services: &[&str]) -> Report {
    let overridden = |lab: Lab, service: &str| {
        let program = planted(&format!("{service}-planted")).display().to_string();
        let environment = [("PLANTED_BUG".to_owned(), bug.to_owned())].into();
        lab.node_override(service, Override { program: Some(program), environment })
    };
    // Another program can take the place of a process only.
    let change = |lab: Lab| services.iter().copied().fold(lab.provider(Choice::Processes), overridden);
    lab::run(&impatient(&lab::scenario(scenario)), change)
}

/// The scenario with a shorter wait for what is not stored yet: what a bug loses never comes.
fn impatient(scenario: &ScenarioFile) -> ScenarioFile {
    let mut text: toml::Table = scenario.text().parse().expect("TOML");
    let expect = text.entry("expect").or_insert_with(|| toml::Table::new().into());
    expect.as_table_mut().expect("a table").insert("drains-within".to_owned(), "5s".into());
    ScenarioFile::from_toml(scenario.name(), text.to_string())
}

fn check<'a>(report: &'a Report, name: &str) -> &'a Check {
    report.checks.iter().find(|check| check.name == name).expect("the check")
}

/// The check fails, and every id that it names is one of the path.
fn is_caught(report: &Report, name: &str, path: &str) {
    assert_eq!(report.verdict, Verdict::Fail, "{}", report.why);
    let check = check(report, name);
    assert_eq!(check.verdict, Verdict::Fail, "{}: {}", check.name, check.detail);
    assert!(!check.ids.is_empty());
    let ours = format!("{}-{path}-", report.run);
    assert!(check.ids.iter().all(|id| id.starts_with(&ours)), "{:?}", check.ids);
}

#[test]
fn a_broker_that_answers_before_the_confirm_loses_what_rabbitmq_had_not_confirmed() {
    let report = run("rabbitmq-killed-with-backlog", "broker-answers-before-confirm", &["broker"]);
    is_caught(&report, "lost", "log-amqp");
}

#[test]
fn a_broker_that_publishes_transient_messages_loses_them_with_rabbitmq() {
    let report = run("rabbitmq-killed-with-backlog", "broker-publishes-transient", &["broker", "listener"]);
    is_caught(&report, "lost", "log-amqp");
}

#[test]
fn a_listener_that_acknowledges_on_receipt_loses_what_it_holds_when_it_dies() {
    let report = run("listener-killed", "listener-acks-on-receipt", &["listener"]);
    is_caught(&report, "lost", "log-amqp");
}

#[test]
fn a_logger_that_answers_before_the_commit_loses_what_it_had_not_committed() {
    let report = run("mongo-killed", "logger-answers-before-commit", &["logger"]);
    assert_eq!(report.verdict, Verdict::Fail, "{}", report.why);
    let lost = check(&report, "lost");
    assert!(lost.verdict == Verdict::Fail && !lost.ids.is_empty(), "{}", lost.detail);
}

#[test]
fn a_logger_that_writes_without_the_unique_id_doubles_what_is_sent_again() {
    let report = run("logger-killed", "logger-writes-without-unique-id", &["logger"]);
    is_caught(&report, "duplicated", "log-amqp");
}
