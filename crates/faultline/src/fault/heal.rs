//! Heals what a dead lab left: resumes and ends its processes, on this machine only, and only those with its mark.

use std::fmt;
use std::io;
use std::path::Path;

use nix::sys::signal::Signal;

use super::journal::{self, HealAction, JournalError};
use crate::stack::identity::{Identity, Liveness, Namespace};
use crate::stack::mark::{self, HarnessClaim};
use crate::stack::printable::printable;
use crate::stack::run_id::RunId;
use crate::stack::tree;

/// A process that outlived its lab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    process: Identity,
    /// Run of the process.
    pub run: RunId,
    name: String,
}

impl fmt::Display for Stray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (pid {}) of run {}", printable(&self.name), self.process.pid, self.run)
    }
}

/// Processes of this machine with a mark, without those of living labs.
#[derive(Debug, Default)]
pub struct Strays {
    /// Processes whose lab is certainly gone.
    pub lapsed: Vec<Stray>,
    /// Processes that can't be judged from here: process id, and the reason.
    pub unclear: Vec<(u32, String)>,
}

/// Finds processes that outlived their lab.
///
/// # Errors
/// When /proc can't be read.
pub fn strays() -> io::Result<Strays> {
    let mut strays = Strays::default();
    // Zombies are left out: they hold nothing, and only their parent can remove them.
    for seen in tree::all()?.into_iter().filter(|process| !matches!(process.state, 'Z' | 'X')) {
        let variable = |name| tree::variable(seen.pid, name);
        let process = Identity::of_seen(&seen);
        // None also where the environment can't be read: the process of another user is passed over.
        let Some(harness) = variable(mark::HARNESS) else { continue };
        // A child of an earlier faultline names no namespace, but is in that of its lab.
        let namespace = variable(mark::NAMESPACE).or_else(|| Some(Namespace::of(seen.pid)?.to_string()));
        // A mark is believed only with its namespace: the same process id may be another process in this /proc.
        match HarnessClaim::read(variable(mark::RUN).as_deref(), &harness, namespace.as_deref()) {
            HarnessClaim::Held => {}
            HarnessClaim::Lapsed(run) => strays.lapsed.push(Stray { process, run, name: name(seen.pid) }),
            HarnessClaim::Unclear(why) => strays.unclear.push((seen.pid, why)),
        }
    }
    Ok(strays)
}

/// Ends a stray, paused or not; one that is gone already is no error.
///
/// # Errors
/// The error of the system, if the process may not be signalled.
pub fn end(stray: &Stray) -> io::Result<()> {
    // Checked again: since it was listed, the process may have ended and its id may be another's.
    match stray.process.liveness() {
        // SIGKILL ends a paused process too; SIGTERM would wait until it is resumed.
        Liveness::Alive => tree::signal(stray.process.pid, Signal::SIGKILL),
        Liveness::Dead | Liveness::Unknown(_) => Ok(()),
    }
}

/// Outcome of the open entries of a journal, each in words.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct JournalOutcome {
    /// Entries that are healed now.
    pub healed: Vec<String>,
    /// Entries that were left alone, with the reason.
    pub left: Vec<String>,
}

/// Heals the open entries in the journal of a run's folder.
///
/// # Errors
/// [`JournalError`] when the journal can't be read.
pub fn heal_journal(folder: &Path) -> Result<JournalOutcome, JournalError> {
    let open = journal::open_entries(folder)?;
    let mut outcome = JournalOutcome::default();
    for action in &open.actions {
        match perform(action) {
            Ok(line) => outcome.healed.push(line),
            Err(line) => outcome.left.push(line),
        }
    }
    let unreadable = open.unreadable.iter();
    outcome.left.extend(unreadable.map(|line| format!("{}: line {line} can't be read", journal::FILE)));
    Ok(outcome)
}

/// Performs one action; the error is the reason why it is left alone.
fn perform(action: &HealAction) -> Result<String, String> {
    Ok(match action {
        HealAction::Resume { node, process } => {
            let paused = format!("{node} was paused as pid {}", process.pid);
            // Process ids are reused, so only the process that was paused is resumed, known by its start time.
            match process.liveness() {
                Liveness::Alive => match tree::signal(process.pid, Signal::SIGCONT) {
                    Ok(()) => format!("{paused}: resumed"),
                    Err(error) => return Err(format!("{paused}: can't be resumed: {error}")),
                },
                Liveness::Dead => format!("{paused}: the process is gone"),
                Liveness::Unknown(doubt) => return Err(format!("{paused}: the process is {doubt}")),
            }
        }
        HealAction::Unpause { node } => format!("{node} was paused: its container is removed by its labels"),
        HealAction::Start { node } => format!("{node} was down: its stack ended with the lab"),
        HealAction::Link { link } => {
            format!("{} had a toxic: its proxy ended with the lab", printable(link))
        }
    })
}

fn name(pid: u32) -> String {
    // For people only: the kernel cuts this name at 15 bytes, and a process may change it.
    std::fs::read_to_string(format!("/proc/{pid}/comm"))
        .map(|name| name.trim().to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;
    use crate::fault::Journal;

    /// A process, ended when dropped.
    struct Sleeper(Child);

    impl Sleeper {
        fn start(variables: &[(&str, &str)]) -> Self {
            let child = Command::new("sleep").arg("1000").envs(variables.iter().copied()).spawn().unwrap();
            // Linux lets the parent go on before the new program has its environment, which /proc shows as empty till then.
            while std::fs::read(format!("/proc/{}/environ", child.id())).unwrap().is_empty() {
                std::thread::yield_now();
            }
            Self(child)
        }

        fn identity(&self) -> Identity {
            Identity::of(self.0.id()).unwrap()
        }

        fn is_paused(&self) -> bool {
            tree::see(self.0.id()).unwrap().state == 'T'
        }

        fn pause(&self) {
            tree::signal(self.0.id(), Signal::SIGSTOP).unwrap();
            while !self.is_paused() {
                std::thread::yield_now();
            }
        }
    }

    impl Drop for Sleeper {
        fn drop(&mut self) {
            self.0.kill().unwrap();
            self.0.wait().unwrap();
        }
    }

    #[test]
    fn a_process_is_a_stray_only_if_its_harness_is_surely_gone() {
        let mark = mark::Mark::of_this_harness();
        let (run, here) = (RunId::random(), mark.namespace().unwrap());
        let other = here.replace(':', ":1");
        let gone = "2147483647:1";
        let sleeper = |harness: &str, run: &str, namespace: Option<&str>| {
            let mut variables = vec![(mark::HARNESS, harness), (mark::RUN, run)];
            variables.extend(namespace.map(|namespace| (mark::NAMESPACE, namespace)));
            Sleeper::start(&variables)
        };
        let lapsed = sleeper(gone, run.as_str(), Some(&here));
        let held = sleeper(&mark.harness(), run.as_str(), Some(&here));
        // Of an earlier faultline.
        let unnamed = [sleeper(gone, run.as_str(), None), sleeper(&mark.harness(), run.as_str(), None)];
        let unclear = [sleeper(gone, run.as_str(), Some(&other)), sleeper(gone, "../x", Some(&here))];
        let strays = strays().unwrap();
        let is_lapsed = |pid| strays.lapsed.iter().any(|stray| stray.process.pid == pid);
        let is_unclear = |pid| strays.unclear.iter().any(|(other, _)| *other == pid);
        assert!(is_lapsed(lapsed.0.id()) && !is_unclear(lapsed.0.id()));
        assert!(!is_lapsed(held.0.id()) && !is_unclear(held.0.id()));
        assert!(is_lapsed(unnamed[0].0.id()) && !is_lapsed(unnamed[1].0.id()));
        assert!(!is_unclear(unnamed[0].0.id()) && !is_unclear(unnamed[1].0.id()));
        for unclear in &unclear {
            assert!(!is_lapsed(unclear.0.id()) && is_unclear(unclear.0.id()), "{strays:?}");
        }
        end(strays.lapsed.iter().find(|stray| stray.process.pid == lapsed.0.id()).unwrap()).unwrap();
        while lapsed.identity().liveness() == Liveness::Alive {
            std::thread::yield_now();
        }
    }

    #[test]
    fn only_the_process_that_was_paused_is_resumed() {
        let sleeper = Sleeper::start(&[]);
        sleeper.pause();
        let process = sleeper.identity();
        let later = Identity { started_at: process.started_at + 1, ..process };
        let unnamed = Identity { namespace: None, ..process };
        let outcome = |process| {
            let folder = tempfile::tempdir().unwrap();
            let journal = Journal::open(folder.path()).unwrap();
            journal.write(&HealAction::Resume { node: "mongo".parse().unwrap(), process }).unwrap();
            heal_journal(folder.path()).unwrap()
        };
        assert!(outcome(later).healed[0].ends_with("the process is gone"), "{:?}", outcome(later));
        assert!(outcome(unnamed).left[0].contains("of an earlier faultline"), "{:?}", outcome(unnamed));
        assert!(sleeper.is_paused());
        assert!(outcome(process).healed[0].ends_with("resumed"));
        while sleeper.is_paused() {
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_a_journal_holds_is_printed_safely() {
        let folder = tempfile::tempdir().unwrap();
        let line = r#"{"entry":0,"heal":"link","link":"a\u001b[2Jb"}"#;
        std::fs::write(folder.path().join(journal::FILE), format!("{line}\nnonsense\n")).unwrap();
        let outcome = heal_journal(folder.path()).unwrap();
        assert_eq!(outcome.healed, ["a\\u{1b}[2Jb had a toxic: its proxy ended with the lab"]);
        assert_eq!(outcome.left, ["journal.jsonl: line 2 can't be read"]);
    }
}
