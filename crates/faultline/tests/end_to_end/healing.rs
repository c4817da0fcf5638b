//! What `faultline heal` leaves alone: folders that say what they like, and what belongs to another namespace or boot.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use faultline::runner::RunFolder;
use faultline::stack::identity::Namespace;
use faultline::stack::port::Port;
use faultline::stack::run_id::RunId;
use faultline::stack::{data, mark, tree};
use serde_json::json;

use crate::lab::{self, heal};

/// The mark of a harness that no machine can have: no process has such an id.
const GONE: &str = "2147483647:1";

/// Set for the harness in a namespace of its own: the folder for its runs.
const RUNS: &str = "FAULTLINE_TEST_RUNS";

/// The namespace of these tests, as a mark tells it.
fn here() -> String {
    Namespace::here().expect("/proc").to_string()
}

/// The folder of a run as its own files describe it, with data of a node.
fn folder(runs: &Path, name: &str, run: &str, namespace: Option<&str>) -> PathBuf {
    let path = runs.join(name);
    std::fs::create_dir_all(path.join("nodes/mongo")).expect("a folder");
    let mut owner = json!({"run": run, "verb": "run", "harness": GONE, "scenario": "\u{1b}[2J"});
    if let Some(namespace) = namespace {
        owner["namespace"] = namespace.into();
    }
    std::fs::write(path.join("run.json"), owner.to_string()).expect("written");
    path
}

/// A folder that nobody may touch.
fn victim() -> tempfile::TempDir {
    let victim = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(victim.path().join("precious")).expect("a folder");
    victim
}

fn is_whole(victim: &tempfile::TempDir) -> bool {
    victim.path().join("precious").is_dir()
}

/// What heal says of one folder of runs; nothing of it may speak to the terminal.
fn told(runs: &tempfile::TempDir) -> String {
    let told = heal(runs.path());
    assert!(!told.chars().any(|char| char.is_control() && char != '\n'), "{told:?}");
    told
}

#[test]
fn a_run_id_can_not_name_a_path() {
    // What every run leaves: the way out of the folder for temporary files begins in it.
    let _port = Port::reserve().expect("a port");
    let (runs, victim) = (tempfile::tempdir().expect("a folder"), victim());
    let name = victim.path().file_name().expect("a name").to_string_lossy().into_owned();
    let run = format!("ports-{}/../{name}", nix::unistd::geteuid());
    for namespace in [None, Some(here())] {
        let path = folder(runs.path(), "20261129-101112-x-r0a1b2c3", &run, namespace.as_deref());
        let told = told(&runs);
        assert!(is_whole(&victim) && path.join("nodes").is_dir(), "{told}");
        assert!(told.contains("run id: expected r and 7 hexadecimal digits, found \"ports-"), "{told}");
        assert!(told.contains("left alone"), "{told}");
    }
}

#[test]
fn only_what_carries_the_mark_of_its_run_is_removed() {
    // Another test has a process that is left alone.
    let _turn = lab::turn();
    let (runs, victim) = (tempfile::tempdir().expect("a folder"), victim());
    let run = RunId::random();
    let name = format!("20261129-101112-x-{run}");
    let path = folder(runs.path(), &name, run.as_str(), Some(&here()));
    // Data without the mark of the lab.
    let without = told(&runs);
    assert!(without.contains(&format!("expected the mark of run {run} in faultline.json")), "{without}");
    assert!(path.join("nodes/mongo").is_dir(), "{without}");
    // A link in place of data.
    std::fs::remove_dir_all(path.join("nodes")).expect("removed");
    symlink(victim.path(), path.join("nodes")).expect("a link");
    let link = told(&runs);
    assert!(link.contains("expected a folder, found a file or a link") && is_whole(&victim), "{link}");
    std::fs::remove_file(path.join("nodes")).expect("removed");
    // Data in the folder for temporary files that another folder's run has there.
    let elsewhere = std::env::temp_dir().join(format!("faultline-{run}"));
    std::fs::create_dir(&elsewhere).expect("a folder");
    let mark = json!({"run": run.as_str(), "folder": "/somewhere/else"});
    std::fs::write(elsewhere.join("faultline.json"), mark.to_string()).expect("written");
    let other = told(&runs);
    assert!(other.contains("in /somewhere/else") && elsewhere.is_dir(), "{other}");
    // And the data of this very run, there and here.
    let mark = json!({"run": run.as_str(), "folder": path.to_string_lossy()});
    std::fs::write(elsewhere.join("faultline.json"), mark.to_string()).expect("written");
    let own = told(&runs);
    assert!(own.contains("removed the data of its nodes") && !elsewhere.exists(), "{own}");
    assert_eq!(told(&runs), "nothing to clean up\n");
}

#[test]
fn a_folder_of_another_name_and_a_link_to_one_are_left_alone() {
    let (runs, elsewhere) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let run = RunId::random();
    let renamed = folder(runs.path(), "renamed", run.as_str(), Some(&here()));
    let name = format!("20261129-101112-x-{run}");
    let theirs = folder(elsewhere.path(), &name, run.as_str(), Some(&here()));
    symlink(&theirs, runs.path().join(&name)).expect("a link");
    let told = told(&runs);
    assert!(told.contains("found \"renamed\"") && told.contains("expected a folder, found a link"), "{told}");
    assert!(renamed.join("nodes").is_dir() && theirs.join("nodes").is_dir(), "{told}");
}

#[test]
fn what_belongs_to_another_boot_or_to_an_earlier_lab_is_left_alone() {
    let runs = tempfile::tempdir().expect("a folder");
    let boot = format!("00000000-0000-0000-0000-000000000001:{}", here().split_once(':').expect("a colon").1);
    let pids = here().replacen(':', ":1", 1);
    for (namespace, why) in [
        (Some(boot.as_str()), "of another boot of this machine, or of another machine"),
        (Some(pids.as_str()), "of another pid namespace"),
        (None, "of an earlier faultline"),
    ] {
        let run = RunId::random();
        let name = format!("20261129-101112-x-{run}");
        let path = folder(runs.path(), &name, run.as_str(), namespace);
        let told = told(&runs);
        let line = told.lines().find(|line| line.contains(&name)).unwrap_or_else(|| panic!("{told}"));
        assert!(line.contains(why) && line.ends_with("left alone"), "{line}");
        assert!(line.contains(&path.join("nodes").display().to_string()), "{line}");
        assert!(path.join("nodes").is_dir());
        // What has left nothing is not worth a word.
        std::fs::remove_dir_all(path.join("nodes")).expect("removed");
        assert!(!self::told(&runs).contains(&name));
    }
}

#[test]
fn files_that_are_none_stop_nobody() {
    let runs = tempfile::tempdir().expect("a folder");
    let run = RunId::random();
    for (name, what) in [("pipe", "something else"), ("link", "a link")] {
        let path = runs.path().join(format!("{name}\u{1b}[2J-{run}"));
        std::fs::create_dir(&path).expect("a folder");
        let file = path.join("run.json");
        match name {
            "pipe" => nix::unistd::mkfifo(&file, nix::sys::stat::Mode::S_IRUSR).expect("a pipe"),
            _ => symlink("/dev/zero", &file).expect("a link"),
        }
        let told = told(&runs);
        assert!(told.contains(&format!("run.json: expected a file, found {what}")), "{told}");
        assert!(told.contains(&format!("{name}\\u{{1b}}[2J-{run}")), "{told}");
    }
}

/// A program in a pid namespace of its own, or why there can be none.
fn in_a_namespace(program: &Path) -> Result<Command, String> {
    let mut refused = String::new();
    // Whoever is not root needs a namespace of users as well.
    for more in [&[][..], &["--user", "--map-root-user"]] {
        let unshare = |program: &Path| {
            let mut command = Command::new("unshare");
            command.args(more).args(["--pid", "--fork", "--kill-child", "--mount-proc"]).arg(program);
            command
        };
        match unshare(Path::new("true")).output() {
            Ok(output) if output.status.success() => return Ok(unshare(program)),
            Ok(output) => refused = String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => refused = error.to_string(),
        }
    }
    Err(refused)
}

/// A harness in a namespace of its own, with a process and a folder that carry its mark; ended when dropped.
struct Stranger {
    unshare: Child,
    run: RunId,
    data: Vec<PathBuf>,
}

impl Stranger {
    fn start(mut command: Command, runs: &Path) -> Self {
        let arguments = ["--exact", "healing::harness_in_a_namespace", "--ignored", "--nocapture"];
        let command = command.args(arguments).env(RUNS, runs).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut unshare = command.spawn().expect("unshare");
        let mut lines = BufReader::new(unshare.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
        let run = lines.find_map(|line| line.strip_prefix("runs as ")?.parse::<RunId>().ok()).expect("a run");
        let data = data::found(&lab::run_folder(runs), &run);
        Self { unshare, run, data }
    }

    /// Processes that carry the mark of the run.
    fn processes(&self) -> Vec<u32> {
        let all = tree::all().expect("/proc").into_iter().filter(|process| process.state != 'Z');
        let marked = all
            .filter(|process| tree::variable(process.pid, mark::RUN).as_deref() == Some(self.run.as_str()));
        marked.map(|process| process.pid).collect()
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.unshare.kill();
        let _ = self.unshare.wait();
        // Its processes go with the first of the namespace, but not in no time.
        while !self.processes().is_empty() {
            std::thread::yield_now();
        }
        for data in &self.data {
            let _ = std::fs::remove_dir_all(data);
        }
    }
}

#[test]
fn a_harness_in_another_pid_namespace_is_not_ended() {
    // Other tests say that nothing at all is left.
    let _turn = lab::turn();
    let program = std::env::current_exe().expect("this program");
    let command = match in_a_namespace(&program) {
        Ok(command) => command,
        Err(refused) => return eprintln!("skipped: this user can't make a pid namespace: {refused}"),
    };
    let runs = tempfile::tempdir().expect("a folder");
    let stranger = Stranger::start(command, runs.path());
    let before = stranger.processes();
    assert_eq!((before.len(), stranger.data.len()), (1, 1));
    let told = told(&runs);
    assert_eq!(stranger.processes(), before, "{told}");
    assert!(stranger.data[0].is_dir(), "{told}");
    let process = format!(
        "run {}: its harness is of another pid namespace (a container's, mostly): pid {}",
        stranger.run, before[0]
    );
    assert!(told.contains(&format!("{process}: left alone")), "{told}");
    assert_eq!(told.matches(stranger.run.as_str()).count(), 3, "process, folder, and its data: {told}");
    assert!(told.ends_with("nothing else to clean up\n"), "{told}");
}

/// Not a test of its own: the harness of the test above.
#[test]
#[ignore = "started by the test that looks at it from outside"]
fn harness_in_a_namespace() {
    let Some(runs) = std::env::var_os(RUNS) else { return };
    let folder = RunFolder::create(Path::new(&runs), "up", "up").expect("a folder");
    data::make(folder.path(), folder.run()).expect("data");
    let mut child =
        Command::new("sleep").arg("1000").envs(mark::environment(folder.run())).spawn().expect("a child");
    println!("runs as {}", folder.run());
    // Until the test is over.
    let _ = std::io::stdin().read(&mut [0]);
    child.kill().expect("killed");
    child.wait().expect("an end");
}
