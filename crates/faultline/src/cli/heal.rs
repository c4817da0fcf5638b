//! `faultline heal`: undoes and removes whatever a harness that was killed has left, and nothing else.
//!
//! Folders, processes and containers may come from elsewhere and say anything. What can't surely be told to be left of a
//! harness of this user, in this boot and namespace, is left alone, with the reason.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{Exit, Failure};
use super::{RunsArgs, output};
use crate::fault::heal;
use crate::fault::journal;
use crate::runner::folder::owner::{Candidate, Owner};
use crate::runner::folder::{self, KEPT};
use crate::stack::containers::{self, Engine};
use crate::stack::data;
use crate::stack::identity::Liveness;
use crate::stack::mark::{Claim, doubtful};
use crate::stack::plain_file;
use crate::stack::printable::printable;

/// The longest address of an engine that is read, in bytes.
const LONGEST_ADDRESS: u64 = 4096;

/// `faultline heal`.
#[derive(Debug, Args)]
pub struct Heal {
    #[command(flatten)]
    runs: RunsArgs,
}

impl Heal {
    /// Does it, and says what it found.
    ///
    /// # Errors
    /// A [`Failure`] when something can't be removed; all else is then healed all the same.
    pub fn perform(self) -> Result<Exit, Failure> {
        let mut work = Cleanup::default();
        let found = folder::found(&self.runs.runs).map_err(safe)?;
        let dead: Vec<DeadRun> = found.into_iter().filter_map(|found| work.judge(found)).collect();
        work.end_strays();
        super::runtime()?.block_on(work.remove_containers(&dead));
        for dead in &dead {
            work.heal_folder(dead);
        }
        work.finish()
    }
}

/// A failure whose words may come from anywhere.
fn safe(error: impl std::fmt::Display) -> Failure {
    Failure::unavailable(printable(&error.to_string()))
}

/// The folder of a run whose harness is surely gone.
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
    /// Prints a line, whatever is in it.
    fn tell(&mut self, line: &str) {
        output::tell(printable(line));
    }

    fn leave(&mut self, path: &Path, why: &str) {
        self.left += 1;
        self.tell(&format!("{}: {why}: left alone", path.display()));
    }

    fn fail(&mut self, what: impl std::fmt::Display) {
        self.failed.push(printable(&what.to_string()));
    }

    fn finish(mut self) -> Result<Exit, Failure> {
        match (self.healed, self.left) {
            (0, _) if !self.failed.is_empty() => {}
            (0, 0) => self.tell("clean: nothing was left"),
            (0, _) => self.tell("clean: nothing else was left"),
            (healed, _) => self.tell(&format!("healed: {healed} things")),
        }
        match self.failed.is_empty() {
            false => Err(Failure::unavailable(self.failed.join("\n"))),
            true => Ok(Exit::Pass),
        }
    }

    /// A folder, if it is surely left of a harness that is gone.
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
                self.leave(&path, &format!("its harness still runs ({} as pid {pid})", owner.verb));
                None
            }
            Liveness::Unknown(doubt) => {
                let left = leftovers(&path, &owner);
                if !left.is_empty() {
                    self.leave(&path, &format!("{}, and has left {}", doubtful(doubt), left.join(", ")));
                }
                None
            }
        }
    }

    fn end_strays(&mut self) {
        let strays = match heal::strays() {
            Ok(strays) => strays,
            Err(error) => return self.fail(format!("can't read /proc: {error}")),
        };
        for stray in &strays.lapsed {
            match heal::end(stray) {
                Ok(()) => {
                    self.healed += 1;
                    self.tell(&format!("ended {stray}"));
                }
                Err(error) => self.fail(format!("can't end {stray}: {error}")),
            }
        }
        let unclear = strays.unclear.into_iter().map(|(pid, why)| (why, format!("pid {pid}")));
        self.leave_grouped(unclear);
    }

    /// Removes what is left in the engine. None there is no failure, unless a dead run had containers in it.
    async fn remove_containers(&mut self, dead: &[DeadRun]) {
        let marked: Vec<(&DeadRun, String)> =
            dead.iter().filter_map(|dead| Some((dead, engine_of(&dead.path)?))).collect();
        let engine = match Engine::connect().await {
            Ok(engine) => engine,
            Err(_) if marked.is_empty() => return,
            Err(error) => return self.fail(format!("a run that is over had containers, and {error}")),
        };
        let strays = match engine.strays().await {
            Ok(strays) => strays,
            Err(error) => return self.fail(error),
        };
        let (mut unclear, mut stays) = (Vec::new(), false);
        for stray in &strays {
            match &stray.claim {
                Claim::Lapsed(run) => match engine.remove(stray).await {
                    Ok(()) => {
                        self.healed += 1;
                        self.tell(&format!("removed the {stray} of run {run}"));
                    }
                    Err(error) => {
                        stays = true;
                        self.fail(error);
                    }
                },
                Claim::Unclear(why) => unclear.push((why.clone(), stray.to_string())),
                Claim::Held => {}
            }
        }
        self.leave_grouped(unclear);
        for (dead, at) in marked {
            let had = strays.iter().any(|stray| stray.claim == Claim::Lapsed(dead.owner.run.clone()));
            // One engine may have several addresses.
            if at != engine.at() && !had {
                let path = dead.path.display();
                self.fail(format!(
                    "{path}: its containers are in the engine at {at}; run heal with DOCKER_HOST={at}"
                ));
            } else if !stays {
                // Told once; nothing of it is left.
                let _ = std::fs::remove_file(dead.path.join(containers::MARK));
            }
        }
    }

    /// Says what is left alone, all that has the same reason in one line.
    fn leave_grouped(&mut self, unclear: impl IntoIterator<Item = (String, String)>) {
        let mut grouped: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (why, what) in unclear {
            grouped.entry(why).or_default().push(what);
        }
        for (why, what) in grouped {
            self.left += 1;
            self.tell(&format!("{why}: {}: left alone", what.join(", ")));
        }
    }

    /// Heals the journal's entries after the strays are gone: most of what it names went with them.
    fn heal_folder(&mut self, DeadRun { path, owner }: &DeadRun) {
        match heal::heal_journal(path) {
            Ok(told) => self.journal_healed(path, &told),
            Err(error) => self.fail(error),
        }
        if data::found(path, &owner.run).is_empty() || path.join(KEPT).exists() {
            return;
        }
        match data::remove(path, &owner.run) {
            Ok(()) => {
                self.healed += 1;
                self.tell(&format!("{}: removed the data of its nodes", path.display()));
            }
            Err(error @ data::DataError::Foreign { .. }) => self.leave(path, &error.to_string()),
            Err(error) => self.fail(error),
        }
    }

    fn journal_healed(&mut self, path: &Path, told: &heal::JournalOutcome) {
        self.healed += told.healed.len();
        for line in &told.healed {
            self.tell(&format!("{}: {line}", path.display()));
        }
        for line in &told.left {
            self.leave(path, line);
        }
        if !told.healed.is_empty() {
            // Told once; what is healed need not be healed again.
            let from = path.join(journal::FILE);
            if let Err(error) = std::fs::rename(&from, from.with_extension("healed.jsonl")) {
                self.fail(format!("{}: {error}", from.display()));
            }
        }
    }
}

/// Leftovers of a run that nobody here can judge.
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

/// The engine in which a run has containers.
fn engine_of(path: &Path) -> Option<String> {
    Some(plain_file::read(&path.join(containers::MARK), LONGEST_ADDRESS).ok()?.trim().to_owned())
}
