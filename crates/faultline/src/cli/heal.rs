//! `faultline heal`: undoes and removes whatever a harness that was killed has left, and nothing else.

use std::path::{Path, PathBuf};

use clap::Args;

use super::RunsArgs;
use super::exit::{Exit, Failure};
use crate::fault::heal;
use crate::runner::folder::{self, Owner};
use crate::stack;
use crate::stack::containers::{self, Engine};
use crate::stack::mark;

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
    /// A [`Failure`] when something can't be removed.
    pub fn perform(self) -> Result<Exit, Failure> {
        let mut dead = Vec::new();
        for (path, owner) in folder::all(&self.runs.runs).map_err(Failure::unavailable)? {
            if mark::is_alive(&owner.harness) {
                println!(
                    "{}: its harness still runs ({} as {}): left alone",
                    path.display(),
                    owner.verb,
                    owner.harness
                );
            } else {
                dead.push((path, owner));
            }
        }
        let mut healed = end_strays()? + super::runtime()?.block_on(remove_containers(&dead))?;
        for (path, owner) in dead {
            healed += heal_folder(&path, &owner.run)?;
        }
        println!(
            "{}",
            if healed == 0 {
                "clean: nothing was left".to_owned()
            } else {
                format!("healed: {healed} things")
            }
        );
        Ok(Exit::Pass)
    }
}

/// The journal is undone after the strays are gone: most of what it names went with them.
fn heal_folder(path: &Path, run: &str) -> Result<usize, Failure> {
    let undone = heal::undo_journal(path).map_err(Failure::unavailable)?;
    let journal = path.join(crate::fault::journal::FILE);
    if !undone.is_empty() {
        // Told once; what is undone need not be undone again.
        let kept = journal.with_extension("healed.jsonl");
        std::fs::rename(&journal, kept)
            .map_err(|error| Failure::unavailable(format!("{}: {error}", journal.display())))?;
    }
    for line in &undone {
        println!("{}: {line}", path.display());
    }
    let had_data = stack::data::folder(path, run).is_dir() && !path.join(folder::KEPT).exists();
    if had_data {
        folder::remove_data(path, run).map_err(Failure::unavailable)?;
        println!("{}: removed the data of its nodes", path.display());
    }
    Ok(undone.len() + usize::from(had_data))
}

/// Without an engine there is nothing to look for, unless a dead run had containers there.
async fn remove_containers(dead: &[(PathBuf, Owner)]) -> Result<usize, Failure> {
    let marked: Vec<Marked<'_>> = dead.iter().filter_map(Marked::read).collect();
    let engine = match Engine::connect().await {
        Ok(engine) => engine,
        Err(error) if !marked.is_empty() => {
            return Err(Failure::unavailable(format!("a run that is over had containers, and {error}")));
        }
        Err(_) => return Ok(0),
    };
    let strays = engine.strays().await.map_err(Failure::unavailable)?;
    for stray in &strays {
        engine.remove(stray).await.map_err(Failure::unavailable)?;
        println!("removed the {} {} of run {}", stray.kind, stray.name, stray.run);
    }
    for Marked { path, run, engine: at } in marked {
        // One engine may have several addresses.
        if at != engine.at() && !strays.iter().any(|stray| stray.run == run) {
            let path = path.display();
            return Err(Failure::unavailable(format!(
                "{path}: its containers are in the engine at {at}; run heal with DOCKER_HOST={at}"
            )));
        }
        // Told once; nothing of it is left.
        let _ = std::fs::remove_file(path.join(containers::MARK));
    }
    Ok(strays.len())
}

/// A run that is over and had containers.
struct Marked<'a> {
    path: &'a Path,
    run: &'a str,
    engine: String,
}

impl<'a> Marked<'a> {
    fn read((path, owner): &'a (PathBuf, Owner)) -> Option<Self> {
        let engine = std::fs::read_to_string(path.join(containers::MARK)).ok()?.trim().to_owned();
        Some(Self { path, run: &owner.run, engine })
    }
}

fn end_strays() -> Result<usize, Failure> {
    let strays =
        heal::strays().map_err(|error| Failure::unavailable(format!("can't read /proc: {error}")))?;
    for stray in &strays {
        heal::end(stray)
            .map_err(|error| Failure::unavailable(format!("can't end pid {}: {error}", stray.pid)))?;
        println!("ended {} (pid {}) of run {}", stray.name, stray.pid, stray.run);
    }
    Ok(strays.len())
}
