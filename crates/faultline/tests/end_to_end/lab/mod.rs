//! What the suites share: the real system, started from this repository's own files, one at a time.

mod harness;
mod panicking;
mod runs;
mod shared;
mod small;
mod written;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use faultline::stack::{Choice, Topology, topology};

pub(crate) use harness::{Harness, heal, run_folder};
pub(crate) use runs::{lab, parsed, run, run_schedule, scenario};
pub(crate) use shared::{EarlierRuns, Shared, run_in_turn, shared};
pub(crate) use small::Small;

/// The repository.
pub(crate) fn repository() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("a workspace").to_path_buf()
    })
}

/// This repository's own system.
pub(crate) fn system() -> Topology {
    topology::read_file(&repository().join("docker-compose.yml")).expect("the topology")
}

/// The provider that the suites run on, by FAULTLINE_PROVIDER: `processes` where it does not say.
pub(crate) fn choice() -> Choice {
    match std::env::var("FAULTLINE_PROVIDER").as_deref() {
        Err(_) | Ok("processes") => Choice::Processes,
        Ok("containers") => Choice::Containers,
        Ok(other) => panic!("FAULTLINE_PROVIDER is \"{other}\"; it may be processes or containers"),
    }
}

/// The turn to run a system, until dropped.
pub(crate) type Turn = tokio::sync::OwnedMutexGuard<()>;

/// Waits for the turn to run a system. One at a time: two would take the cores from each other, and a share
/// that is not kept would say nothing.
pub(crate) fn turn() -> Turn {
    static TURN: OnceLock<Arc<tokio::sync::Mutex<()>>> = OnceLock::new();
    Arc::clone(TURN.get_or_init(Arc::default)).blocking_lock_owned()
}

/// The program `faultline`.
pub(crate) fn faultline() -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_faultline"));
    command.current_dir(repository()).stdin(std::process::Stdio::null());
    command
}
