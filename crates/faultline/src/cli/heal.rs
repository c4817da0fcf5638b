//! `faultline heal`: cleans up what a killed lab left behind, and nothing else.
//!
//! Folders, processes and containers may come from elsewhere and claim anything. Whatever is not certainly left from a lab
//! of this user, in this boot and namespace, is left alone, with the reason.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;

use super::arguments::RunsArgs;
use super::exit::{Exit, Failure};
use super::{output, runtime};
use crate::fault::heal;
use crate::fault::journal;
use crate::runner::folder::owner::{Candidate, Owner};
use crate::runner::folder::{self, KEPT};
use crate::stack::containers::{self, ContainerEngine};
use crate::stack::data;
use crate::stack::identity::Liveness;
use crate::stack::mark::{HarnessClaim, doubtful};
use crate::stack::plain_file;
use crate::stack::printable::printable;

/// Longest address of an engine that is read, in bytes.
const LONGEST_ADDRESS: u64 = 4096;

/// Arguments of `faultline heal`.
#[derive(Debug, Args)]
pub struct Heal {
    #[command(flatten)]
    runs: RunsArgs,
}

impl Heal {
    /// Runs the command and prints what it cleaned up.
    ///
    /// # Errors
    /// A [`Failure`] if something cannot be removed; everything else is cleaned up nevertheless.
    pub fn perform(self) -> Result<Exit, Failure> {
        let mut work = Cleanup::default();
        let found = folder::found(&self.runs.runs).map_err(safe)?;
        let dead: Vec<DeadRun> = found.into_iter().filter_map(|found| work.judge(found)).collect();
        // Processes and containers first: data and journals are safe to touch only when nothing writes to them.
        work.end_strays();
        runtime::start()?.block_on(work.remove_containers(&dead));
        for dead in &dead {
            work.heal_folder(dead);
        }
        work.finish()
    }
}

/// Creates a failure from a message that may hold control characters of a foreign file.
fn safe(error: impl std::fmt::Display) -> Failure {
    Failure::unavailable(printable(&error.to_string()))
}

/// Folder of a run whose lab is certainly gone.
struct DeadRun {
    path: PathBuf,
    owner: Owner,
}

/// Progress of the cleanup.
#[derive(Default)]
struct Cleanup {
    healed: usize,
    left: usize,
    failed: Vec<String>,
}

impl Cleanup {
    /// Prints a line, with control characters escaped.
    fn print(&mut self, line: &str) {
        output::print_line(printable(line));
    }

    fn leave(&mut self, path: &Path, why: &str) {
        self.left += 1;
        self.print(&format!("{}: {why}: left alone", path.display()));
    }

    fn fail(&mut self, what: impl std::fmt::Display) {
        self.failed.push(printable(&what.to_string()));
    }

    fn finish(mut self) -> Result<Exit, Failure> {
        match (self.healed, self.left) {
            (0, _) if !self.failed.is_empty() => {}
            (0, 0) => self.print("nothing to clean up"),
            (0, _) => self.print("nothing else to clean up"),
            (1, _) => self.print("cleaned up 1 leftover"),
            (healed, _) => self.print(&format!("cleaned up {healed} leftovers")),
        }
        match self.failed.is_empty() {
            false => Err(Failure::unavailable(self.failed.join("\n"))),
            true => Ok(Exit::Pass),
        }
    }

    /// Returns a folder if the lab that made it is certainly gone.
    fn judge(&mut self, Candidate { path, owner }: Candidate) -> Option<DeadRun> {
        let owner = match owner.and_then(|owner| owner.check(&path).map(|()| owner)) {
            Ok(owner) => owner,
            Err(error) => {
                self.leave(&path, &error.to_string());
                return None;
            }
        };
        match owner.harness.liveness() {
            Liveness::Dead => Some(DeadRun { path, owner }),
            Liveness::Alive => {
                let pid = owner.harness.pid();
                self.leave(&path, &format!("its lab is still running ({} as pid {pid})", owner.verb));
                None
            }
            Liveness::Unknown(doubt) => {
                // Nothing is said of a folder without leftovers, or every run before the last boot would be
                // reported for ever.
                let left = leftovers(&path, &owner);
                if !left.is_empty() {
                    self.leave(&path, &format!("{}, and it left {}", doubtful(doubt), left.join(", ")));
                }
                None
            }
        }
    }

    fn end_strays(&mut self) {
        let strays = match heal::strays() {
            Ok(strays) => strays,
            Err(error) => return self.fail(format!("cannot read /proc: {error}")),
        };
        for stray in &strays.lapsed {
            match heal::end(stray) {
                Ok(()) => {
                    self.healed += 1;
                    self.print(&format!("ended {stray}"));
                }
                Err(error) => self.fail(format!("cannot end {stray}: {error}")),
            }
        }
        let unclear = strays.unclear.into_iter().map(|(pid, why)| (why, format!("pid {pid}")));
        self.leave_grouped(unclear);
    }

    /// Removes leftovers in the container engine. An engine that is not running is no failure, unless a dead run had
    /// containers in it.
    async fn remove_containers(&mut self, dead: &[DeadRun]) {
        let marked: Vec<(&DeadRun, String)> =
            dead.iter().filter_map(|dead| Some((dead, engine_of(&dead.path)?))).collect();
        let engine = match ContainerEngine::connect().await {
            Ok(engine) => engine,
            Err(_) if marked.is_empty() => return,
            Err(error) => return self.fail(format!("containers of a dead run cannot be removed: {error}")),
        };
        let strays = match engine.strays().await {
            Ok(strays) => strays,
            Err(error) => return self.fail(error),
        };
        let (mut unclear, mut stays) = (Vec::new(), false);
        for stray in &strays {
            match &stray.claim {
                HarnessClaim::Lapsed(run) => match engine.remove(stray).await {
                    Ok(()) => {
                        self.healed += 1;
                        self.print(&format!("removed the {stray} of run {run}"));
                    }
                    Err(error) => {
                        stays = true;
                        self.fail(error);
                    }
                },
                HarnessClaim::Unclear(why) => unclear.push((why.clone(), stray.to_string())),
                HarnessClaim::Held => {}
            }
        }
        self.leave_grouped(unclear);
        for (dead, at) in marked {
            let had = strays.iter().any(|stray| stray.claim == HarnessClaim::Lapsed(dead.owner.run.clone()));
            // One engine may have several addresses.
            if at != engine.at() && !had {
                let path = dead.path.display();
                self.fail(format!(
                    "{path}: its containers are in the engine at {at}; run heal with DOCKER_HOST={at}"
                ));
            } else if !stays {
                // Nothing of it is left, so the next heal need not ask the engine again.
                let _ = std::fs::remove_file(dead.path.join(containers::MARK));
            }
        }
    }

    /// Prints what is left alone, in one line for each reason.
    fn leave_grouped(&mut self, unclear: impl IntoIterator<Item = (String, String)>) {
        let mut grouped: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (why, what) in unclear {
            grouped.entry(why).or_default().push(what);
        }
        for (why, what) in grouped {
            self.left += 1;
            self.print(&format!("{why}: {}: left alone", what.join(", ")));
        }
    }

    /// Heals the entries of the journal, after the stray processes are gone: most faults ended with them.
    fn heal_folder(&mut self, DeadRun { path, owner }: &DeadRun) {
        match heal::heal_journal(path) {
            Ok(outcome) => self.journal_healed(path, &outcome),
            Err(error) => self.fail(error),
        }
        if data::found(path, &owner.run).is_empty() || path.join(KEPT).exists() {
            return;
        }
        match data::remove(path, &owner.run) {
            Ok(()) => {
                self.healed += 1;
                self.print(&format!("{}: removed the data of its nodes", path.display()));
            }
            // No failure: data without the lab's mark is not the lab's to remove.
            Err(error @ data::DataError::Foreign { .. }) => self.leave(path, &error.to_string()),
            Err(error) => self.fail(error),
        }
    }

    fn journal_healed(&mut self, path: &Path, outcome: &heal::JournalOutcome) {
        self.healed += outcome.healed.len();
        for line in &outcome.healed {
            self.print(&format!("{}: {line}", path.display()));
        }
        for line in &outcome.left {
            self.leave(path, line);
        }
        if !outcome.healed.is_empty() {
            // A healed journal gets another name, so that the next heal does not heal it again.
            let from = path.join(journal::FILE);
            if let Err(error) = std::fs::rename(&from, from.with_extension("healed.jsonl")) {
                self.fail(format!("{}: {error}", from.display()));
            }
        }
    }
}

/// Lists the leftovers of a run that cannot be judged here.
fn leftovers(path: &Path, owner: &Owner) -> Vec<String> {
    let mut left = Vec::new();
    if !path.join(KEPT).exists() {
        left.extend(data::found(path, &owner.run).iter().map(|data| data.display().to_string()));
    }
    if journal::open_entries(path).is_ok_and(|open| !open.actions.is_empty()) {
        left.push(format!("faults in {}", journal::FILE));
    }
    left.extend(engine_of(path).map(|engine| format!("containers in the engine at {engine}")));
    left
}

/// Reads the address of the engine in which a run has containers.
fn engine_of(path: &Path) -> Option<String> {
    Some(plain_file::read(&path.join(containers::MARK), LONGEST_ADDRESS).ok()?.trim().to_owned())
}
