//! A process and its descendants, by /proc: a server may be many processes, each in a group of its own.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use procfs::process::Process;

/// A process as /proc shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessInfo {
    /// Process id.
    pub pid: u32,
    /// Process id of the parent.
    pub parent: u32,
    /// `R`, `S`, `T` and so on, as in proc(5).
    pub state: char,
    /// Start, in clock ticks after the boot: tells the process from a later one with the same id.
    pub started_at: u64,
    /// Clock ticks of CPU time that it has used, its children not counted.
    pub ticks: u64,
}

/// Reads one process; none if there is no such process.
#[must_use]
pub fn see(pid: u32) -> Option<ProcessInfo> {
    info(&Process::new(pid.cast_signed()).ok()?)
}

fn info(process: &Process) -> Option<ProcessInfo> {
    let stat = process.stat().ok()?;
    Some(ProcessInfo {
        pid: stat.pid.cast_unsigned(),
        parent: stat.ppid.cast_unsigned(),
        state: stat.state,
        started_at: stat.starttime,
        ticks: stat.utime + stat.stime,
    })
}

/// Lists every process of the machine.
///
/// # Errors
/// When /proc can't be read.
pub fn all() -> io::Result<Vec<ProcessInfo>> {
    let processes = procfs::process::all_processes().map_err(io::Error::other)?;
    // One that has ended since the listing is left out.
    Ok(processes.filter_map(|process| info(&process.ok()?)).collect())
}

/// Lists a process and all of its descendants, itself first.
///
/// # Errors
/// When /proc can't be read.
pub fn family(root: u32) -> io::Result<Vec<ProcessInfo>> {
    // By the parents of all processes, since not every kernel has the file `children` in /proc.
    let all = all()?;
    let mut children: BTreeMap<u32, Vec<&ProcessInfo>> = BTreeMap::new();
    for process in &all {
        children.entry(process.parent).or_default().push(process);
    }
    let mut tree: Vec<ProcessInfo> = all.iter().filter(|process| process.pid == root).cloned().collect();
    let mut next = 0;
    while let Some(process) = tree.get(next) {
        let found: Vec<ProcessInfo> =
            children.get(&process.pid).into_iter().flatten().map(|child| (*child).clone()).collect();
        tree.extend(found);
        next += 1;
    }
    Ok(tree)
}

/// Sends a signal to a process and all of its descendants; those that end meanwhile are no error.
///
/// # Errors
/// An error if /proc can't be read or a signal is not allowed; every process that may get the signal has it then.
pub fn signal(root: u32, signal: Signal) -> io::Result<()> {
    let mut failure = Ok(());
    // Parents before their children: one that is paused already makes no further ones.
    for process in family(root)? {
        match kill(Pid::from_raw(process.pid.cast_signed()), signal) {
            Ok(()) | Err(Errno::ESRCH) => {}
            // The others get it all the same: a tree must not stay paused because one process refuses to be resumed.
            Err(errno) => failure = failure.and(Err(errno.into())),
        }
    }
    failure
}

/// Number of passes over a tree until none of it runs.
const PASSES: u32 = 100;

/// Pauses a process and all of its descendants, also those that are born meanwhile; done when none runs. A pause that
/// fails, or that nobody waits for any more, leaves none of them paused.
///
/// # Errors
/// When /proc can't be read, a signal is not allowed, or some still run after many tries.
pub async fn pause(root: u32) -> io::Result<()> {
    pause_within(PASSES, root).await
}

async fn pause_within(passes: u32, root: u32) -> io::Result<()> {
    let unfinished = UnfinishedPause { root };
    // A process may fork between the listing and the signal, so that one pass is not enough.
    for _ in 0..passes {
        signal(root, Signal::SIGSTOP)?;
        if running(root)?.is_empty() {
            std::mem::forget(unfinished);
            return Ok(());
        }
        tokio::task::yield_now().await;
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    Err(io::Error::other(format!("pid {root} and its children did not stay paused")))
}

/// A pause that has not reached every process of a tree. Dropped, it resumes those that it reached.
// By its drop and not in the error's branch, since the future of a pause may be dropped while it waits.
struct UnfinishedPause {
    root: u32,
}

impl Drop for UnfinishedPause {
    fn drop(&mut self) {
        if let Err(error) = signal(self.root, Signal::SIGCONT) {
            tracing::warn!("can't resume pid {} and its children after a failed pause: {error}", self.root);
        }
    }
}

/// Lists the processes of a tree that are neither paused nor dead.
///
/// # Errors
/// When /proc can't be read.
pub fn running(root: u32) -> io::Result<Vec<ProcessInfo>> {
    // `D`, asleep in a call of the kernel, is not paused yet: the process stops when the call is done.
    Ok(family(root)?.into_iter().filter(|process| !matches!(process.state, 'T' | 't' | 'Z' | 'X')).collect())
}

/// The CPU time that a process and its descendants have used until now, to the clock tick of the kernel (10 ms).
///
/// # Errors
/// When /proc can't be read.
pub fn cpu(root: u32) -> io::Result<Duration> {
    // USER_HZ, the unit of /proc, is 100 on x86 and ARM, whatever the kernel's own rate is.
    const TICK: Duration = Duration::from_millis(10);
    let ticks: u64 = family(root)?.iter().map(|process| process.ticks).sum();
    Ok(TICK * u32::try_from(ticks).unwrap_or(u32::MAX))
}

/// The value of a variable in a process's environment, as it was when it started.
#[must_use]
pub fn variable(pid: u32, name: &str) -> Option<String> {
    let mut environment = Process::new(pid.cast_signed()).ok()?.environ().ok()?;
    environment.remove(OsStr::new(name)).map(|value| value.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_seen_with_its_parent() {
        let me = see(std::process::id()).unwrap();
        assert_eq!(me.pid, std::process::id());
        assert!(family(me.parent).unwrap().iter().any(|process| process.pid == me.pid));
    }

    #[tokio::test]
    async fn a_shell_and_its_child_are_paused_and_resumed() {
        let mut child = tokio::process::Command::new("sh")
            .args(["-c", "sleep 1000 & wait"])
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let pid = child.id().unwrap();
        while family(pid).unwrap().len() < 2 {
            tokio::task::yield_now().await;
        }
        pause(pid).await.unwrap();
        assert!(running(pid).unwrap().is_empty());
        signal(pid, Signal::SIGCONT).unwrap();
        assert_eq!(running(pid).unwrap().len(), 2);
        signal(pid, Signal::SIGKILL).unwrap();
        child.wait().await.unwrap();
    }

    #[tokio::test]
    async fn a_pause_that_fails_leaves_nothing_paused() {
        let mut child = tokio::process::Command::new("sleep").arg("1000").kill_on_drop(true).spawn().unwrap();
        let pid = child.id().unwrap();
        // What an earlier pass has paused when the last one is over.
        pause(pid).await.unwrap();
        assert!(pause_within(0, pid).await.unwrap_err().to_string().contains("did not stay paused"));
        assert_eq!(running(pid).unwrap().len(), 1);
        child.kill().await.unwrap();
    }
}
