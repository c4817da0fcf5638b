//! Undoes what a dead harness left: resumes and ends its processes, on this machine only, and only those
//! that carry its mark.

use std::io;
use std::path::Path;

use nix::sys::signal::Signal;
use serde::Serialize;

use super::journal::{self, JournalError, Undo};
use crate::stack::mark::{HARNESS, RUN, is_alive};
use crate::stack::tree;

/// A process that outlived its harness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stray {
    /// Its id.
    pub pid: u32,
    /// The run that it belongs to.
    pub run: String,
    /// Its name, as ps(1) shows it.
    pub name: String,
}

/// Processes that outlived their harness.
///
/// # Errors
/// When /proc can't be read.
pub fn strays() -> io::Result<Vec<Stray>> {
    let marked = tree::all()?.into_iter().filter_map(|process| {
        let harness = tree::variable(process.pid, HARNESS)?;
        let gone = !is_alive(&harness) && !matches!(process.state, 'Z' | 'X');
        gone.then(|| Stray {
            pid: process.pid,
            run: tree::variable(process.pid, RUN).unwrap_or_default(),
            name: name(process.pid),
        })
    });
    Ok(marked.collect())
}

/// Ends a stray, also if it is paused.
///
/// # Errors
/// When it may not be signalled.
pub fn end(stray: &Stray) -> io::Result<()> {
    tree::signal(stray.pid, Signal::SIGKILL)
}

/// Undoes what the journal of a run's folder says is not undone; returns it in words.
///
/// # Errors
/// [`JournalError`] when the journal can't be read.
pub fn undo_journal(folder: &Path) -> Result<Vec<String>, JournalError> {
    let open = journal::open_entries(folder)?;
    Ok(open.iter().map(undo).collect())
}

fn undo(undo: &Undo) -> String {
    match undo {
        Undo::Resume { node, pid, started_at } => {
            let still_it = tree::see(*pid).is_some_and(|process| process.started_at == *started_at);
            if still_it && tree::signal(*pid, Signal::SIGCONT).is_ok() {
                format!("{node} was paused as pid {pid}: resumed")
            } else {
                format!("{node} was paused as pid {pid}: it is gone")
            }
        }
        Undo::Start { node } => format!("{node} was down: its stack is gone with the harness"),
        Undo::Link { link } => format!("{link} had a toxic: its proxy is gone with the harness"),
    }
}

fn name(pid: u32) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/comm"))
        .map(|name| name.trim().to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::mark::mark;

    #[test]
    fn this_harness_is_alive_and_others_are_not() {
        assert!(is_alive(&mark()));
        assert!(!is_alive(&format!("{}:1", std::process::id())));
        assert!(!is_alive(""));
        assert!(!is_alive("0:0"));
    }
}
