//! `faultline down`: ends the system that `up` started, and waits until it is gone.

use std::path::Path;
use std::time::{Duration, Instant};

use clap::Args;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::arguments::RunsArgs;
use super::exit::{Exit, Failure};
use super::output;
use crate::runner::folder;
use crate::runner::folder::owner::Owner;
use crate::stack::identity::Liveness;
use crate::stack::mark::{Mark, doubtful};
use crate::stack::printable::printable;
use crate::stack::{containers, data};

/// Time in which an `up` must end.
const LIMIT: Duration = Duration::from_secs(60);

/// Arguments of `faultline down`.
#[derive(Debug, Args)]
pub struct Down {
    #[command(flatten)]
    runs: RunsArgs,
}

impl Down {
    /// Runs the command.
    ///
    /// # Errors
    /// A [`Failure`] if a system does not end.
    pub fn perform(self) -> Result<Exit, Failure> {
        let folders = folder::all(&self.runs.runs).map_err(Failure::unavailable)?;
        let mut ended = 0;
        for (path, owner) in folders.into_iter().filter(|(_, owner)| owner.verb == "up") {
            let at = printable(&path.display().to_string());
            if let Err(why) = check_owner(&path, &owner) {
                // An `up` that has ended leaves neither data nor containers, so there is nothing to report.
                if !data::found(&path, &owner.run).is_empty() || path.join(containers::MARK).exists() {
                    output::print_line(format_args!("{at}: {why}: left alone"));
                }
            } else if owner.harness.liveness() == Liveness::Alive {
                end(owner.harness).map_err(|error| Failure::unavailable(format!("{at}: {error}")))?;
                output::print_line(format_args!("{at}: ended"));
                ended += 1;
            }
        }
        if ended == 0 {
            output::print_line(format_args!("no system is up in {}", self.runs.runs.display()));
        }
        Ok(Exit::Pass)
    }
}

/// Checks that the process which a folder names may be ended. A folder may have been copied from elsewhere, and its pid
/// then belongs to a stranger.
fn check_owner(path: &Path, owner: &Owner) -> Result<(), String> {
    owner.check(path).map_err(|error| error.to_string())?;
    match owner.harness.liveness() {
        Liveness::Unknown(doubt) => Err(doubtful(doubt)),
        Liveness::Alive | Liveness::Dead => Ok(()),
    }
}

fn end(harness: Mark) -> Result<(), String> {
    let pid = harness.pid();
    // The signal that `up` takes as Ctrl-C: it stops its system and removes the data. A SIGKILL
    // would leave that to `heal`.
    kill(Pid::from_raw(pid.cast_signed()), Signal::SIGTERM)
        .map_err(|errno| format!("cannot signal pid {pid}: {errno}"))?;
    let until = Instant::now() + LIMIT;
    while harness.liveness() == Liveness::Alive {
        if Instant::now() >= until {
            return Err(format!(
                "pid {pid} did not end within {LIMIT:?}; end it with `kill -9 {pid}`, then `faultline heal`"
            ));
        }
        // Polled, since only a parent can wait for a process.
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
