//! Every verb outlives its reader: with standard output closed at once, and with standard error too, nothing panics and
//! the exit code is that of the work.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::lab::{self, Small, run_folder};

/// Exit codes of the README.
const PUBLISHED: [i32; 7] = [0, 1, 2, 64, 69, 70, 130];

/// One verb, its arguments and its end.
struct Case {
    arguments: Vec<String>,
    /// Port on which a verb answers that serves until it is asked to end.
    serves: Option<u16>,
    /// Exit codes that are right.
    codes: &'static [i32],
}

/// Readers that have gone.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Gone {
    Output,
    Both,
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// A server that answers everything.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
                while matches!(stream.read(&mut [0; 4096]), Ok(1..)) && stream.write_all(answer).is_ok() {}
            });
        }
    });
    format!("http://{address}/")
}

/// Finds arguments with which a verb prints something. A verb that is not here fails the test: add it.
fn case(verb: &str, small: &Small, folder: &Path) -> Case {
    let topology = small.file().display().to_string();
    let (runs, old) = (folder.join("runs").display().to_string(), folder.join("old").display().to_string());
    let (port, url) = (free_port(), server());
    let at = format!("127.0.0.1:{port}");
    let scenario = folder.join("small.toml").display().to_string();
    let (rest, serves, codes): (Vec<&str>, _, &[i32]) = match verb {
        "run" => {
            let rest = ["--topology", &topology, "--runs", &runs, "--provider", "processes"];
            ([&*scenario].into_iter().chain(rest).collect(), None, &[0, 1, 2])
        }
        "load" => (vec!["--get", &url, "--rate", "get=40/s", "--for", "1s", "--runs", &runs], None, &[0]),
        "capacity" => {
            let rates = ["--from", "100/s", "--lowest", "100/s", "--highest", "100/s", "--trial", "200ms"];
            let never = ["--get", &url, "--slo", "p99 < 0.001ms", "--runs", &runs];
            (rates.into_iter().chain(never).collect(), None, &[1])
        }
        "compare" => (vec![&old, &old], None, &[0]),
        "validate" => (vec!["scenarios/healthy.toml", "scenarios/mongo-slow.toml"], None, &[0]),
        "up" => {
            let rest = ["--topology", &topology, "--runs", &runs, "--provider", "processes"];
            (rest.into_iter().chain(["--ui", &at]).collect(), Some(port), &[0])
        }
        "down" => (vec!["--runs", &old], None, &[0]),
        "proxy" => (vec!["--listen", &at], Some(port), &[0]),
        "heal" => (vec!["--runs", &old], None, &[0]),
        "report" => (vec![&old], None, &[1]),
        "schema" => (vec!["scenario"], None, &[0]),
        "completions" => (vec!["bash"], None, &[0]),
        "doctor" => (vec![], None, &[0, 69]),
        "list" | "faults" | "man" | "help" => (vec![], None, &[0]),
        other => panic!("say how `faultline {other}` is run, so that it prints something"),
    };
    let arguments = [verb].into_iter().chain(rest).map(str::to_owned).collect();
    Case { arguments, serves, codes }
}

/// A pipe that nobody reads.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

/// Runs it to its end, or until it serves and is asked to end; its exit code, and what it told on standard error.
fn run(case: &Case, gone: Gone) -> (Option<i32>, String) {
    let mut command = lab::faultline();
    command.args(&case.arguments).stdout(unread()).stderr(match gone {
        Gone::Output => Stdio::piped(),
        Gone::Both => unread(),
    });
    let mut child = command.spawn().expect("faultline");
    // Its end of the pipes is its own from now on.
    drop(command);
    let told = child.stderr.take().map(|mut stderr| {
        std::thread::spawn(move || {
            let mut told = String::new();
            stderr.read_to_string(&mut told).expect("text");
            told
        })
    });
    if let Some(port) = case.serves {
        wait_until_it_serves(&mut child, port);
        // One that has ended already has an exit code to tell.
        let _ = kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM);
    }
    let code = child.wait().expect("an end").code();
    (code, told.map(|told| told.join().expect("text")).unwrap_or_default())
}

/// Waits for an answer, which is given after everything is printed; or for the end.
fn wait_until_it_serves(child: &mut Child, port: u16) {
    let asked = || -> std::io::Result<usize> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")?;
        stream.set_read_timeout(Some(Duration::from_millis(200)))?;
        stream.read(&mut [0; 64])
    };
    while child.try_wait().expect("its state").is_none() && !matches!(asked(), Ok(1..)) {
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn outlives_its_reader(case: &Case) {
    for gone in [Gone::Output, Gone::Both] {
        let (code, told) = run(case, gone);
        let what = &case.arguments;
        assert!(!told.contains("panicked"), "{what:?}, {gone:?} gone: {told}");
        let code = code.unwrap_or_else(|| panic!("{what:?}, {gone:?} gone: ended by a signal: {told}"));
        assert!(case.codes.contains(&code), "{what:?}, {gone:?} gone: exit code {code}: {told}");
        assert!(PUBLISHED.contains(&code), "{what:?}: {code}");
    }
}

#[test]
fn every_verb_outlives_its_reader() {
    let _turn = lab::turn();
    let (small, folder) = (Small::new("exit 0"), tempfile::tempdir().expect("a folder"));
    let load = "shows = \"x\"\n[[load]]\nfor = \"500ms\"\nrates = { ping = \"40/s\" }\n";
    std::fs::write(folder.path().join("small.toml"), load).expect("written");
    std::fs::create_dir(folder.path().join("old")).expect("a folder");
    let history = lab::repository().join("crates/faultline/tests/end_to_end/old-run.jsonl");
    std::fs::copy(history, folder.path().join("old/history.jsonl")).expect("copied");
    let command = faultline::cli::command();
    let verbs = command.get_subcommands().map(|verb| verb.get_name().to_owned());
    for verb in verbs.chain(["help".to_owned()]) {
        outlives_its_reader(&case(&verb, &small, folder.path()));
    }
}

#[test]
fn a_run_whose_reader_has_gone_ends_with_the_code_of_its_verdict() {
    let _turn = lab::turn();
    for (at_sigterm, expected) in [("exit 0", 0), ("exit 3", 1)] {
        let (small, folder) = (Small::new(at_sigterm), tempfile::tempdir().expect("a folder"));
        let load = "shows = \"x\"\n[[load]]\nfor = \"500ms\"\nrates = { ping = \"40/s\" }\n";
        std::fs::write(folder.path().join("small.toml"), load).expect("written");
        let (code, told) = run(&case("run", &small, folder.path()), Gone::Output);
        assert_eq!(code, Some(expected), "{told}");
        assert!(run_folder(&folder.path().join("runs")).join("report.json").exists());
    }
}

#[test]
fn mistakes_and_help_outlive_their_reader_too() {
    let cases: [(&[&str], i32); 6] = [
        (&["--help"], 0),
        (&["--version"], 0),
        (&[], 64),
        (&["no-such-verb"], 64),
        (&["validate", "no-such-file.toml"], 64),
        (&["list", "no-such-folder"], 64),
    ];
    for (arguments, code) in cases {
        for gone in [Gone::Output, Gone::Both] {
            let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
            let (found, told) = run(&Case { arguments, serves: None, codes: &[] }, gone);
            assert!(found == Some(code) && !told.contains("panicked"), "{found:?}, {gone:?} gone: {told}");
        }
    }
}

#[test]
fn an_output_that_is_full_is_told() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let output = lab::faultline().arg("list").stdout(full).output().expect("faultline");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(70), "{told}");
    assert!(told.contains("cannot print: No space left on device"), "{told}");
}
