//! `faultline down`: ends what `up` started, and waits until it is gone.

use std::time::{Duration, Instant};

use clap::Args;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::RunsArgs;
use super::exit::{Exit, Failure};
use crate::runner::folder;
use crate::stack::mark;

/// How long an `up` may take to end.
const LIMIT: Duration = Duration::from_secs(60);

/// `faultline down`.
#[derive(Debug, Args)]
pub struct Down {
    #[command(flatten)]
    runs: RunsArgs,
}

impl Down {
    /// Does it.
    ///
    /// # Errors
    /// A [`Failure`] when one does not end.
    pub fn perform(self) -> Result<Exit, Failure> {
        let folders = folder::all(&self.runs.runs).map_err(Failure::unavailable)?;
        let up =
            folders.into_iter().filter(|(_, owner)| owner.verb == "up" && mark::is_alive(&owner.harness));
        let mut ended = 0;
        for (path, owner) in up {
            end(&owner.harness)
                .map_err(|told| Failure::unavailable(format!("{}: {told}", path.display())))?;
            println!("{}: ended", path.display());
            ended += 1;
        }
        if ended == 0 {
            println!("nothing is up in {}", self.runs.runs.display());
        }
        Ok(Exit::Pass)
    }
}

fn end(harness: &str) -> Result<(), String> {
    let pid = harness.split(':').next().and_then(|pid| pid.parse().ok()).ok_or("its mark can't be read")?;
    kill(Pid::from_raw(pid), Signal::SIGTERM).map_err(|errno| format!("can't signal pid {pid}: {errno}"))?;
    let until = Instant::now() + LIMIT;
    while mark::is_alive(harness) {
        if Instant::now() >= until {
            return Err(format!(
                "pid {pid} did not end within {LIMIT:?}; end it with `kill -9 {pid}`, then `faultline heal`"
            ));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
