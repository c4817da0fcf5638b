//! The undos of what is being done, on disk and synced before it is done, so that a harness that was killed
//! leaves nothing that `faultline heal` could not undo.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::pid_of;
use crate::scenario::{FaultKind, PlannedFault};
use crate::stack::{Stack, tree};

/// Its name in the folder of a run.
pub const FILE: &str = "journal.jsonl";

/// How to undo something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "undo", rename_all = "kebab-case")]
pub enum Undo {
    /// Resume a paused process.
    Resume {
        /// The node.
        node: String,
        /// Its process.
        pid: u32,
        /// When that started, in clock ticks after the boot.
        started_at: u64,
    },
    /// Start a node again. Where the harness is gone, so is its stack: nothing is left to start.
    Start {
        /// The node.
        node: String,
    },
    /// Take the toxics off a link, or enable it. Where the harness is gone, so is its proxy.
    Link {
        /// The link.
        link: String,
    },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Undo {
        entry: u64,
        #[serde(flatten)]
        undo: Undo,
    },
    Done {
        done: u64,
    },
}

/// A journal that can't be written or read.
#[derive(Debug, thiserror::Error)]
#[error("the journal {path}: {source}", path = path.display())]
pub struct JournalError {
    path: PathBuf,
    source: std::io::Error,
}

/// The journal of one run.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    next: u64,
}

impl Journal {
    /// Opens the journal of a run's folder.
    ///
    /// # Errors
    /// [`JournalError`] when it can't be opened.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join(FILE);
        match OpenOptions::new().create(true).append(true).open(&path) {
            Ok(file) => Ok(Self { path, state: Mutex::new(State { file, next: 0 }) }),
            Err(source) => Err(JournalError { path, source }),
        }
    }

    /// Writes an undo down and syncs it; then what it undoes may be done.
    ///
    /// # Errors
    /// [`JournalError`]; then it must not be done.
    pub fn write(&self, undo: &Undo) -> Result<u64, JournalError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = state.next;
        state.next += 1;
        self.append(&mut state.file, &Line::Undo { entry, undo: undo.clone() })?;
        Ok(entry)
    }

    /// Writes down that it was undone.
    ///
    /// # Errors
    /// [`JournalError`]; it will be undone once more by `heal`, which does no harm.
    pub fn done(&self, entry: u64) -> Result<(), JournalError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.append(&mut state.file, &Line::Done { done: entry })
    }

    fn append(&self, file: &mut File, line: &Line) -> Result<(), JournalError> {
        let failed = |source| JournalError { path: self.path.clone(), source };
        let mut text = serde_json::to_string(line).map_err(|error| failed(error.into()))?;
        text.push('\n');
        file.write_all(text.as_bytes()).and_then(|()| file.sync_data()).map_err(failed)
    }
}

/// What a journal says is not undone; a line torn by the end of the harness is left out, since what it was
/// for had not been done.
///
/// # Errors
/// [`JournalError`] when it can't be read; none at all is an empty one.
pub fn open_entries(folder: &Path) -> Result<Vec<Undo>, JournalError> {
    let path = folder.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(JournalError { path, source }),
    };
    let mut open = BTreeMap::new();
    for line in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
        match line {
            Line::Undo { entry, undo } => {
                open.insert(entry, undo);
            }
            Line::Done { done } => {
                open.remove(&done);
            }
        }
    }
    Ok(open.into_values().collect())
}

/// How a planned fault is undone.
#[must_use]
pub fn undo_of(fault: &PlannedFault, stack: &Stack) -> Undo {
    let node = fault.target.clone();
    match fault.kind {
        FaultKind::Kill | FaultKind::Stop => Undo::Start { node },
        FaultKind::Down | FaultKind::Partition | FaultKind::Toxic(_) => Undo::Link { link: node },
        FaultKind::Pause => {
            let pid = pid_of(stack, &node);
            let started_at = tree::see(pid).map_or(0, |process| process.started_at);
            Undo::Resume { node, pid, started_at }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_done_is_still_open_and_a_torn_line_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        let first = journal.write(&Undo::Start { node: "a".into() }).unwrap();
        journal.write(&Undo::Link { link: "a->b".into() }).unwrap();
        journal.done(first).unwrap();
        let mut file = OpenOptions::new().append(true).open(folder.path().join(FILE)).unwrap();
        file.write_all(b"{\"entry\":7,\"undo\":\"sta").unwrap();
        assert_eq!(open_entries(folder.path()).unwrap(), [Undo::Link { link: "a->b".into() }]);
    }

    #[test]
    fn no_journal_is_an_empty_one() {
        assert_eq!(open_entries(tempfile::tempdir().unwrap().path()).unwrap(), []);
    }
}
