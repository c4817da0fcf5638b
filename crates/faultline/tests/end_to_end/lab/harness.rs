//! The program `faultline` at work in a process of its own, and what it leaves.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use faultline::stack::mark;
use faultline::stack::tree;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A run of a scenario in a process of its own.
pub(crate) struct Harness {
    pub(crate) child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStderr>>,
    pub(crate) runs: tempfile::TempDir,
}

impl Harness {
    /// Starts it with a folder for runs of its own.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    /// The same with more variables.
    pub(crate) fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let runs = tempfile::tempdir().expect("a folder");
        let mut child = super::faultline()
            .args(arguments)
            .envs(variables.iter().copied())
            .arg("--runs")
            .arg(runs.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("faultline");
        let lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        Self { child, lines, runs }
    }

    /// Reads on until a line holds `part`; that line.
    pub(crate) fn wait_for(&mut self, part: &str) -> String {
        let mut told = Vec::new();
        for line in self.lines.by_ref() {
            let line = line.expect("a line");
            if line.contains(part) {
                return line;
            }
            told.push(line);
        }
        panic!("\"{part}\" was not told; this was:\n{}", told.join("\n"));
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).expect("signalled");
    }

    /// Its exit code, and what else it told on standard error.
    pub(crate) fn end(mut self) -> (Option<i32>, String, tempfile::TempDir) {
        let rest: Vec<String> = self.lines.by_ref().map_while(Result::ok).collect();
        let status = self.child.wait().expect("an end");
        (status.code(), rest.join("\n"), self.runs)
    }

    /// Processes of this machine that carry its mark.
    pub(crate) fn family(&self) -> BTreeSet<u32> {
        let begins = format!("{}:", self.child.id());
        let all = tree::all().expect("/proc");
        let marked = all.into_iter().filter(|process| {
            tree::variable(process.pid, mark::HARNESS).is_some_and(|harness| harness.starts_with(&begins))
        });
        marked.filter(|process| process.state != 'Z').map(|process| process.pid).collect()
    }
}

/// What `faultline heal` prints.
pub(crate) fn heal(runs: &Path) -> String {
    let output = super::faultline().arg("heal").arg("--runs").arg(runs).output().expect("faultline");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The one folder of a run.
pub(crate) fn run_folder(runs: &Path) -> PathBuf {
    let mut folders = std::fs::read_dir(runs).expect("runs").map(|entry| entry.expect("an entry").path());
    folders.next().expect("a run")
}
