//! The undos of what is being done, on disk and synced before it is done, so that a harness that was killed
//! leaves nothing that `faultline heal` could not undo.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::stack::identity::Identity;
use crate::stack::plain_file;
use crate::stack::topology::NodeName;

/// Name of the file in the folder of a run.
pub const FILE: &str = "journal.jsonl";

/// The longest journal that is read, in bytes: some hundred thousand faults.
const LONGEST: u64 = 32 * 1024 * 1024;

/// How to undo something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "undo", rename_all = "kebab-case")]
pub enum Undo {
    /// Resume a paused process.
    Resume {
        /// The node.
        node: NodeName,
        /// Process of the node.
        #[serde(flatten)]
        process: Identity,
    },
    /// Unpause a container. Where the harness is gone, the container goes by its labels.
    Unpause {
        /// The node.
        node: NodeName,
    },
    /// Start a node again. Where the harness is gone, so is its stack: nothing is left to start.
    Start {
        /// The node.
        node: NodeName,
    },
    /// Take the toxics off a link, or enable it. Where the harness is gone, so is its proxy.
    Link {
        /// The link, or of a partition both groups, for people.
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

/// Entries of a journal that are not healed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct OpenEntries {
    /// The undos, in the order in which they were written.
    pub undos: Vec<Undo>,
    /// Lines that say something else, by their numbers. The last line is none of them if it was torn by the end of the
    /// harness: what it was for had not been done.
    pub unreadable: Vec<usize>,
}

/// Reads the entries of a journal that are not healed.
///
/// # Errors
/// [`JournalError`] when it can't be read; none at all is an empty one.
pub fn open_entries(folder: &Path) -> Result<OpenEntries, JournalError> {
    let path = folder.join(FILE);
    let text = match plain_file::read(&path, LONGEST) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(OpenEntries::default()),
        Err(source) => return Err(JournalError { path, source }),
    };
    let (mut undos, mut unreadable) = (BTreeMap::new(), Vec::new());
    for (index, line) in text.split_inclusive('\n').enumerate() {
        match serde_json::from_str(line) {
            Ok(Line::Undo { entry, undo }) => {
                undos.insert(entry, undo);
            }
            Ok(Line::Done { done }) => {
                undos.remove(&done);
            }
            Err(_) if line.ends_with('\n') => unreadable.push(index + 1),
            Err(_) => {}
        }
    }
    Ok(OpenEntries { undos: undos.into_values().collect(), unreadable })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(node: &str) -> Undo {
        Undo::Start { node: node.parse().unwrap() }
    }

    #[test]
    fn what_is_not_done_is_still_open_and_a_torn_line_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        let first = journal.write(&start("a")).unwrap();
        journal.write(&Undo::Link { link: "a->b".into() }).unwrap();
        journal.done(first).unwrap();
        let process = Identity::of(std::process::id()).unwrap();
        let resume = Undo::Resume { node: "c".parse().unwrap(), process };
        journal.write(&resume).unwrap();
        let mut file = OpenOptions::new().append(true).open(folder.path().join(FILE)).unwrap();
        file.write_all(b"{\"entry\":7,\"undo\":\"sta").unwrap();
        let open = open_entries(folder.path()).unwrap();
        assert_eq!(open.undos, [Undo::Link { link: "a->b".into() }, resume]);
        assert!(open.unreadable.is_empty());
    }

    #[test]
    fn no_journal_is_an_empty_one() {
        assert_eq!(open_entries(tempfile::tempdir().unwrap().path()).unwrap(), OpenEntries::default());
    }

    #[test]
    fn a_journal_of_an_earlier_lab_is_read_and_lines_of_nobody_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let lines = [
            r#"{"entry":0,"undo":"resume","node":"rabbitmq","pid":7,"started_at":9}"#,
            r#"{"entry":1,"undo":"resume","node":"rabbitmq","pid":0,"started_at":9}"#,
            r#"{"entry":2,"undo":"resume","node":"../x","pid":7,"started_at":9}"#,
            r#"{"entry":3,"undo":"remove","path":"/"}"#,
            r#"{"entry":4,"undo":"start","node":"mongo"}"#,
        ];
        std::fs::write(folder.path().join(FILE), lines.map(|line| format!("{line}\n")).concat()).unwrap();
        let open = open_entries(folder.path()).unwrap();
        let process = Identity { pid: 7, started_at: 9, namespace: None };
        assert_eq!(open.undos, [Undo::Resume { node: "rabbitmq".parse().unwrap(), process }, start("mongo")]);
        assert_eq!(open.unreadable, [2, 3, 4]);
    }
}
