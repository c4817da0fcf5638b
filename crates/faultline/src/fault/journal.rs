//! The journal: how to heal each fault, synced to disk before the fault is injected. A lab that is killed leaves
//! nothing that `faultline heal` could not heal.

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

/// Key of an action in journals that were written before it was `heal`.
// A lab of that time may have been killed, and its faults must still be healed.
const FORMER_TAG: &str = "undo";

/// Action that heals a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "heal", rename_all = "kebab-case")]
pub enum HealAction {
    /// Resume a paused process.
    Resume {
        /// Name of the node.
        node: NodeName,
        /// Process of the node.
        #[serde(flatten)]
        process: Identity,
    },
    /// Unpause a container. Where the lab is gone, the container is removed by its labels.
    Unpause {
        /// Name of the node.
        node: NodeName,
    },
    /// Start a node again. Where the lab is gone, so is its stack: nothing is left to start.
    Start {
        /// Name of the node.
        node: NodeName,
    },
    /// Remove the toxics of a link, or enable it. Where the lab is gone, so is its proxy.
    Link {
        /// Link, or both groups of a partition, for people.
        link: String,
    },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum JournalLine {
    Begun {
        entry: u64,
        #[serde(flatten)]
        action: HealAction,
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
    state: Mutex<JournalState>,
}

#[derive(Debug)]
struct JournalState {
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
            // From 0, since each run opens its journal once. A second opening would use numbers again,
            // and the end of one entry would close another.
            Ok(file) => Ok(Self { path, state: Mutex::new(JournalState { file, next: 0 }) }),
            Err(source) => Err(JournalError { path, source }),
        }
    }

    /// Writes and syncs how to heal a fault, which may be injected then.
    ///
    /// # Errors
    /// [`JournalError`]; the fault must not be injected then.
    pub fn write(&self, action: &HealAction) -> Result<u64, JournalError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // The lock is held until the line is on disk: lines of two faults must not mix.
        let entry = state.next;
        state.next += 1;
        self.append(&mut state.file, &JournalLine::Begun { entry, action: action.clone() })?;
        Ok(entry)
    }

    /// Writes that a fault was healed.
    ///
    /// # Errors
    /// [`JournalError`]; `faultline heal` heals the fault once more then, which does no harm.
    pub fn done(&self, entry: u64) -> Result<(), JournalError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.append(&mut state.file, &JournalLine::Done { done: entry })
    }

    fn append(&self, file: &mut File, line: &JournalLine) -> Result<(), JournalError> {
        let failed = |source| JournalError { path: self.path.clone(), source };
        let mut text = serde_json::to_string(line).map_err(|error| failed(error.into()))?;
        text.push('\n');
        // Synced, so that the line is on disk before its fault is injected, whatever ends the lab.
        file.write_all(text.as_bytes()).and_then(|()| file.sync_data()).map_err(failed)
    }
}

/// Entries of a journal that are not healed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct OpenEntries {
    /// Actions, in the order in which they were written.
    pub actions: Vec<HealAction>,
    /// Numbers of the lines that can't be read, without a last line that was torn when the lab was killed: its fault
    /// was not injected yet.
    pub unreadable: Vec<usize>,
}

/// Reads a line; those of faultline 0.1 called the action by [`FORMER_TAG`].
fn read(line: &str) -> serde_json::Result<JournalLine> {
    let mut line: serde_json::Value = serde_json::from_str(line)?;
    if let Some(fields) = line.as_object_mut()
        && let Some(action) = fields.remove(FORMER_TAG)
    {
        fields.insert("heal".to_owned(), action);
    }
    serde_json::from_value(line)
}

/// Reads the entries of a journal that are not healed.
///
/// # Errors
/// [`JournalError`] when it can't be read; a missing journal is an empty one.
pub fn open_entries(folder: &Path) -> Result<OpenEntries, JournalError> {
    let path = folder.join(FILE);
    let text = match plain_file::read(&path, LONGEST) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(OpenEntries::default()),
        Err(source) => return Err(JournalError { path, source }),
    };
    let (mut actions, mut unreadable) = (BTreeMap::new(), Vec::new());
    for (index, line) in text.split_inclusive('\n').enumerate() {
        match read(line) {
            Ok(JournalLine::Begun { entry, action }) => {
                actions.insert(entry, action);
            }
            Ok(JournalLine::Done { done }) => {
                actions.remove(&done);
            }
            // A torn last line is of a fault that was not injected yet: the line is written before.
            Err(_) if line.ends_with('\n') => unreadable.push(index + 1),
            Err(_) => {}
        }
    }
    Ok(OpenEntries { actions: actions.into_values().collect(), unreadable })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(node: &str) -> HealAction {
        HealAction::Start { node: node.parse().unwrap() }
    }

    #[test]
    fn what_is_not_done_is_still_open_and_a_torn_line_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        let first = journal.write(&start("a")).unwrap();
        journal.write(&HealAction::Link { link: "a->b".into() }).unwrap();
        journal.done(first).unwrap();
        let process = Identity::of(std::process::id()).unwrap();
        let resume = HealAction::Resume { node: "c".parse().unwrap(), process };
        journal.write(&resume).unwrap();
        let mut file = OpenOptions::new().append(true).open(folder.path().join(FILE)).unwrap();
        file.write_all(b"{\"entry\":7,\"heal\":\"sta").unwrap();
        let open = open_entries(folder.path()).unwrap();
        assert_eq!(open.actions, [HealAction::Link { link: "a->b".into() }, resume]);
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
            r#"{"entry":0,"heal":"resume","node":"rabbitmq","pid":7,"started_at":9}"#,
            r#"{"entry":1,"heal":"resume","node":"rabbitmq","pid":0,"started_at":9}"#,
            r#"{"entry":2,"heal":"resume","node":"../x","pid":7,"started_at":9}"#,
            r#"{"entry":3,"heal":"remove","path":"/"}"#,
            r#"{"entry":4,"heal":"start","node":"mongo"}"#,
        ];
        let lines = lines.map(|line| line.replace("heal", FORMER_TAG) + "\n");
        std::fs::write(folder.path().join(FILE), lines.concat()).unwrap();
        let open = open_entries(folder.path()).unwrap();
        let process = Identity { pid: 7, started_at: 9, namespace: None };
        assert_eq!(
            open.actions,
            [HealAction::Resume { node: "rabbitmq".parse().unwrap(), process }, start("mongo")]
        );
        assert_eq!(open.unreadable, [2, 3, 4]);
    }
}
