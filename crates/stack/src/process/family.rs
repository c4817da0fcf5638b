//! The descendants of a child, killed with it.

use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::tree;

/// Kills processes of an earlier snapshot, and waits until each is gone.
pub(super) async fn end_all(family: &[tree::ProcessInfo]) {
    for member in family {
        end(member).await;
    }
}

/// Kills a process of an earlier snapshot, if it still is that one, and waits until it is gone.
async fn end(process: &tree::ProcessInfo) {
    // SIGKILL is not the end yet: a process that sleeps in the kernel dies when its call is done.
    while is_there(process) {
        match kill(Pid::from_raw(process.pid.cast_signed()), Signal::SIGKILL) {
            Ok(()) => tokio::time::sleep(Duration::from_millis(1)).await,
            Err(Errno::ESRCH) => return,
            Err(errno) => return tracing::warn!("can't kill pid {}: {errno}", process.pid),
        }
    }
}

/// Tells whether a process of an earlier snapshot still runs.
pub(super) fn is_there(process: &tree::ProcessInfo) -> bool {
    tree::see(process.pid).is_some_and(|now| now.started_at == process.started_at && now.state != 'Z')
}
