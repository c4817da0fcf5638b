//! The services as programs: what they say about settings that can't be used, and their exit codes.

use std::net::TcpListener;
use std::process::{Command, Output};

use faultline::stack::binary;

use crate::lab;

const SERVICES: [&str; 4] = ["authentication", "broker", "listener", "logger"];

/// Settings that could be used, of servers that nobody needs to ask.
const USABLE: [(&str, &str); 5] = [
    ("LISTENER_AMQP_URL", "amqp://u:p@127.0.0.1:1"),
    ("AUTHENTICATION_DATABASE_URL", "postgres://u:p@127.0.0.1:1/d"),
    ("LOGGER_GRPC_LISTEN", "127.0.0.1:0"),
    ("LISTENER_LOGGER_GRPC_URL", "http://127.0.0.1:1"),
    ("LOGGER_MONGO_URL", "mongodb://127.0.0.1:1/d"),
];

/// Runs a service that must end by itself.
fn run(service: &str, arguments: &[&str]) -> Output {
    let program = binary::service(service).expect("a built service");
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(USABLE).output().expect("a service that runs")
}

/// Exit code 64, the place named, and nothing that only a developer understands.
fn is_refused(service: &str, arguments: &[&str], named: &str) {
    let output = run(service, arguments);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{service} {arguments:?}: {told}");
    assert!(told.contains(named), "{service}: \"{named}\" is not in: {told}");
    assert!(!told.contains("panicked") && output.stdout.is_empty(), "{service}: {told}");
}

#[test]
fn every_setting_is_documented() {
    for service in SERVICES {
        let output = run(service, &["--help"]);
        let help = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{service}");
        for setting in ["LISTEN", "LOG_LEVEL", "DRAIN"] {
            let setting = format!("[env: {}_{setting}=]", service.to_uppercase());
            assert!(help.contains(&setting), "{service}: {setting} is not in {help}");
        }
    }
}

#[test]
fn a_healthcheck_tells_whether_a_service_with_the_same_settings_is_alive() {
    let system = lab::shared();
    for (service, port) in [("authentication", 80), ("broker", 8080), ("listener", 80), ("logger", 80)] {
        let address = system.address(service, port).to_string();
        let output = run(service, &["--healthcheck", "--listen", &address]);
        assert!(output.status.success(), "{service}: {}", String::from_utf8_lossy(&output.stderr));
        let output = run(service, &["--healthcheck", "--listen", "127.0.0.1:1"]);
        assert_eq!(output.status.code(), Some(1), "{service}");
    }
}

#[test]
fn unknown_and_unreadable_flags_are_named() {
    for service in SERVICES {
        is_refused(service, &["--no-such-flag"], "--no-such-flag");
        is_refused(service, &["--drain", "soon"], "--drain");
        is_refused(service, &["--log-level", "a=b=c"], "a=b=c");
        is_refused(service, &["--listen", "nowhere"], "nowhere");
    }
}

#[test]
fn a_taken_address_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    for service in SERVICES {
        is_refused(service, &["--listen", &address], &address);
    }
}

#[test]
fn urls_that_can_not_be_used_are_named_without_their_passwords() {
    for (service, flag, named) in [
        ("authentication", "--database-url", "DATABASE_URL"),
        ("broker", "--amqp-url", "AMQP_URL"),
        ("listener", "--amqp-url", "AMQP_URL"),
        ("logger", "--mongo-url", "MONGO_URL"),
    ] {
        let url = "wrong://user:sesame@host:bad";
        is_refused(service, &["--listen", "127.0.0.1:0", flag, url], named);
        let output = run(service, &["--listen", "127.0.0.1:0", flag, url]);
        assert!(!String::from_utf8_lossy(&output.stderr).contains("sesame"), "{service}");
    }
}
