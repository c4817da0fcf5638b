//! The command line as its users meet it: what it prints, where, and its exit codes.

use std::process::Output;

use crate::lab;

fn faultline(arguments: &[&str]) -> Output {
    lab::faultline().args(arguments).env("NO_COLOR", "1").output().expect("faultline")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A scenario in a file of its own.
fn scenario(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".toml").tempfile().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    file
}

const LOAD: &str = "shows = \"x\"\n[[load]]\nfor = \"1s\"\nrates = { ping = \"1/s\" }\n";

/// `validate` and `run` refuse it alike: exit code 64, the place, and no panic.
fn is_refused(text_of_it: &str, expected: &[&str]) {
    let file = scenario(text_of_it);
    let path = file.path().to_str().expect("a path");
    for verb in ["validate", "run"] {
        let output = faultline(&[verb, path]);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{verb}: {told}");
        for part in expected {
            assert!(told.contains(part), "{verb}: \"{part}\" is not in:\n{told}");
        }
        assert!(!told.contains("panicked") && output.stdout.is_empty(), "{told}");
    }
}

#[test]
fn every_scenario_of_the_repository_is_good() {
    let output = faultline(&["list"]);
    assert!(output.status.success());
    let names = text(&output.stdout);
    let kept = std::fs::read_dir(lab::repository().join("scenarios")).unwrap().count();
    assert_eq!(names.lines().count(), kept, "{names}");
    let files: Vec<String> = names
        .lines()
        .map(|line| format!("scenarios/{}.toml", line.split(' ').next().unwrap_or_default()))
        .collect();
    let mut arguments = vec!["validate"];
    arguments.extend(files.iter().map(String::as_str));
    assert!(faultline(&arguments).status.success());
}

#[test]
fn mistakes_in_a_scenario_are_told_with_their_place() {
    is_refused(
        &format!("{LOAD}nonsense = 1\n"),
        &[":5:1: unknown field `nonsense`, expected `for` or `rates`"],
    );
    is_refused(
        &LOAD.replace("{ ping = \"1/s\" }", "{}"),
        &[":4:9: rates: expected at least one path, found none"],
    );
    is_refused(&LOAD.replace("1/s", "1/min"), &[":4:11: path ping: expected a rate that sends an operation"]);
    is_refused(&LOAD.replace("ping", "pong"), &[":4:11: no path \"pong\"", "authenticate", "ping"]);
    is_refused(&LOAD.replace("1/s", "0/s"), &[":4:", "invalid arrival rate \"0/s\"", "200/s"]);
    is_refused(&LOAD.replace("1/s", "-3/s"), &["invalid arrival rate \"-3/s\""]);
    let kill = |node: &str, at: &str| {
        format!("[[fault]]\nkind = \"kill\"\nnode = \"{node}\"\nat = \"{at}\"\nfor = \"500ms\"\n")
    };
    is_refused(&format!("{LOAD}{}", kill("mango", "0s")), &[":7:8: no node \"mango\"", "mongo"]);
    is_refused(&format!("{LOAD}{}{}", kill("mongo", "0s"), kill("mongo", "100ms")), &["overlap", ":13:6"]);
    let cut = "[[fault]]\nkind = \"down\"\nlink = \"broker->postgres\"\nat = \"0s\"\nfor = \"1s\"\n";
    is_refused(&format!("{LOAD}{cut}"), &["no link \"broker->postgres\"", "broker->rabbitmq"]);
}

#[test]
fn mistakes_of_usage_have_exit_code_64() {
    for arguments in [
        &["run"][..],
        &["run", "no-such-file.toml"],
        &["run", "scenarios/healthy.toml", "--seed", "minus one"],
        &["run", "scenarios/healthy.toml", "--topology", "no-such-file.yml"],
        &["report", "scenarios"],
        &["compare", "scenarios", "scenarios"],
        &["schema", "history"],
        &["list", "no-such-folder"],
        &["no-such-verb"],
    ] {
        let output = faultline(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {}", text(&output.stderr));
        assert!(!text(&output.stderr).contains("panicked"));
    }
    assert!(faultline(&["--help"]).status.success());
    assert!(text(&faultline(&["--help"]).stdout).contains("Exit codes:"));
}

#[test]
fn formats_completions_and_the_manual_are_printed() {
    for (arguments, part) in [
        (&["schema", "scenario"][..], "\"slow_handshake\""),
        (&["schema", "report"], "\"drain_ms\""),
        (&["completions", "bash"], "complete -F _faultline"),
        (&["man"], ".TH faultline 1"),
    ] {
        let output = faultline(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        assert!(text(&output.stdout).contains(part), "{arguments:?}: no {part} in {}", text(&output.stdout));
    }
}

#[test]
fn an_old_run_is_reported_in_every_form() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("a path");
    let history = lab::repository().join("crates/faultline/tests/end_to_end/old-run.jsonl");
    std::fs::copy(history, folder.path().join("history.jsonl")).expect("copied");
    for (form, part) in [
        ("human", "\nFAIL  lost: 1 acknowledged and not stored"),
        ("json", "\"verdict\": \"fail\""),
        ("junit", "<failure message=\"1 acknowledged and not stored"),
        ("github", "::error title=old%3A lost (fail)::1 acknowledged"),
        ("markdown", "old: fail"),
    ] {
        let output = faultline(&["report", path, "--output", form]);
        assert_eq!(output.status.code(), Some(1), "{form}: {}", text(&output.stderr));
        assert!(text(&output.stdout).contains(part), "{form}: no {part} in {}", text(&output.stdout));
    }
    let page = std::fs::read_to_string(folder.path().join("report.html")).expect("the page");
    assert!(page.contains("r1-log-000000") && page.contains("faultline run old.toml --seed 3"));
    let same = text(&faultline(&["compare", path, path]).stdout);
    assert!(same.contains("no difference in verdicts, checks, entries and times of faults"), "{same}");
}

#[test]
fn a_folder_that_can_not_be_made_is_told_before_anything_starts() {
    let output = faultline(&["run", "scenarios/healthy.toml", "--runs", "/proc/nowhere"]);
    assert_eq!(output.status.code(), Some(69));
    assert!(
        text(&output.stderr).contains("can't make the folder of the run /proc/nowhere"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_missing_program_is_told_with_how_to_get_it() {
    let runs = tempfile::tempdir().expect("a folder");
    let topology = runs.path().join("compose.yml");
    let compose =
        std::fs::read_to_string(lab::repository().join("docker-compose.yml")).expect("the topology");
    std::fs::write(&topology, compose.replace("binary: broker", "binary: brocker")).expect("written");
    let (runs, topology) = (runs.path().to_str().expect("a path"), topology.to_str().expect("a path"));
    let processes = ["run", "scenarios/healthy.toml", "--provider", "processes"];
    let output = faultline(&[&processes[..], &["--runs", runs, "--topology", topology]].concat());
    assert_eq!(output.status.code(), Some(69));
    let told = text(&output.stderr);
    assert!(told.contains("node broker: the program brocker is missing: build it with"), "{told}");
}

#[test]
fn doctor_finds_what_the_tests_need() {
    let output = faultline(&["doctor"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("found    RabbitMQ"));
}
