//! Children that die with the harness, even when it is killed with SIGKILL.
//!
//! | module | content |
//! | --- | --- |
//! | `command` | the command of a child, and the thread that makes children |
//! | `status` | the exit status of a child |
//! | `family` | the descendants of a child |
//! | `log` | the last lines of a log |

mod command;
mod family;
mod log;
mod status;

use std::process::Child;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use tokio::sync::watch;

pub use command::{ProcessError, Spec};
pub use log::tail;
pub use status::Status;

use self::family::{end_all, is_there};
use super::tree;

/// A child. Dropped, it is killed with all of its descendants.
#[derive(Debug)]
pub struct Process {
    pid: u32,
    end: Arc<ChildEnd>,
    end_status: watch::Receiver<Option<Status>>,
}

/// End of a child, for the threads that wait for it.
#[derive(Debug, Default)]
struct ChildEnd {
    /// Exit status; none while the child runs.
    // Locked while the child is signalled, so that its id cannot pass to another process meanwhile.
    status: Mutex<Option<Status>>,
    // Beside the watch channel, since `run` waits on a thread and `wait` in a task.
    known: Condvar,
}

impl ChildEnd {
    fn lock(&self) -> MutexGuard<'_, Option<Status>> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Process {
    /// Starts a child in a process group of its own, so that Ctrl-C reaches only the harness.
    ///
    /// # Errors
    /// [`ProcessError`] names the program or its log.
    pub fn spawn(spec: &Spec) -> Result<Self, ProcessError> {
        let child = command::start(spec)?;
        let pid = child.id();
        let end = Arc::new(ChildEnd::default());
        let (tell, end_status) = watch::channel(None);
        let known = Arc::clone(&end);
        std::thread::Builder::new()
            .name(format!("wait-{pid}"))
            // The thread only waits, and each child has one.
            .stack_size(64 * 1024)
            .spawn(move || reap(child, &known, &tell))
            .map_err(|source| ProcessError::Spawn { program: spec.program.clone(), source })?;
        Ok(Self { pid, end, end_status })
    }

    /// Starts a child and waits for its end. Blocks.
    ///
    /// # Errors
    /// [`ProcessError`] names the program or its log.
    pub fn run(spec: &Spec) -> Result<Status, ProcessError> {
        let process = Self::spawn(spec)?;
        let mut status = process.end.lock();
        loop {
            if let Some(status) = *status {
                return Ok(status);
            }
            status = process.end.known.wait(status).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Returns the process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Returns the exit status; none while the child runs.
    #[must_use]
    pub fn try_status(&self) -> Option<Status> {
        *self.end.lock()
    }

    /// Waits for its end.
    pub async fn wait(&mut self) -> Status {
        let end_status = self.end_status.wait_for(Option::is_some).await.ok().and_then(|status| *status);
        end_status.or_else(|| self.try_status()).unwrap_or(Status::LOST)
    }

    /// Sends a signal; none to one that has ended.
    pub fn signal(&self, signal: Signal) {
        let status = self.end.lock();
        if status.is_none() {
            // A child that is not reaped keeps its id; it can only be one that already exits.
            let _ = kill(Pid::from_raw(self.pid.cast_signed()), signal);
        }
    }

    /// Stops the child by a signal, and kills it after `grace`. Descendants that are left are killed too.
    pub async fn stop(&mut self, signal: Signal, grace: Duration) -> Status {
        let family = self.descendants();
        self.signal(signal);
        match tokio::time::timeout(grace, self.wait()).await {
            Ok(status) => {
                end_all(&family).await;
                status
            }
            Err(_) => self.kill().await,
        }
    }

    /// Kills it with all of its descendants, and waits until every one is gone: a server that comes back
    /// must not find children of its former self.
    pub async fn kill(&mut self) -> Status {
        let family = self.descendants();
        self.signal(Signal::SIGKILL);
        let status = self.wait().await;
        end_all(&family).await;
        status
    }

    fn descendants(&self) -> Vec<tree::ProcessInfo> {
        // Locked, so that the child is not reaped meanwhile: then its id may be another's, with children of its own.
        let status = self.end.lock();
        if status.is_some() {
            return Vec::new();
        }
        let family = tree::family(self.pid).unwrap_or_default();
        // Before the child ends: the kernel gives its children another parent then.
        family.into_iter().filter(|member| member.pid != self.pid).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.try_status().is_some() {
            return;
        }
        // Without a wait, which would block a thread of the runtime; the thread of `spawn` reaps it.
        let family = self.descendants();
        self.signal(Signal::SIGKILL);
        for member in family.iter().filter(|member| is_there(member)) {
            let _ = kill(Pid::from_raw(member.pid.cast_signed()), Signal::SIGKILL);
        }
    }
}

/// Waits for the end of a child, and publishes its status.
fn reap(mut child: Child, end: &ChildEnd, tell: &watch::Sender<Option<Status>>) {
    let pid = Pid::from_raw(child.id().cast_signed());
    let id = || Id::Pid(pid);
    // WNOWAIT leaves a zombie, which keeps the process id. It is reaped under the lock, where nobody can
    // signal it: the id may belong to another process right after.
    while let Err(Errno::EINTR) = waitid(id(), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) {}
    let mut known = end.lock();
    let status = child.wait().map_or(Status::LOST, Status::from);
    *known = Some(status);
    drop(known);
    end.known.notify_all();
    tell.send_replace(Some(status));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;

    fn shell(script: &str, folder: &Path) -> Spec {
        Spec {
            program: "/bin/sh".into(),
            args: vec!["-c".into(), script.into()],
            env: BTreeMap::new(),
            cwd: folder.to_path_buf(),
            account: None,
            log: folder.join("log"),
        }
    }

    #[tokio::test]
    async fn output_and_exit_code_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Process::spawn(&shell("echo hello; exit 3", folder.path())).unwrap();
        assert_eq!(process.wait().await.to_string(), "exit code 3");
        assert_eq!(tail(&folder.path().join("log")), "hello");
    }

    #[tokio::test]
    async fn kill_leaves_no_descendant() {
        let folder = tempfile::tempdir().unwrap();
        let mut process =
            Process::spawn(&shell("setsid sleep 1000 & sleep 1000 & wait", folder.path())).unwrap();
        let pid = process.pid();
        while tree::family(pid).unwrap().len() < 3 {
            tokio::task::yield_now().await;
        }
        let family = tree::family(pid).unwrap();
        assert_eq!(process.kill().await.to_string(), "SIGKILL");
        for member in family {
            assert!(
                tree::see(member.pid)
                    .is_none_or(|now| now.state == 'Z' || now.started_at != member.started_at)
            );
        }
    }

    #[tokio::test]
    async fn one_that_does_not_stop_is_killed() {
        let folder = tempfile::tempdir().unwrap();
        let mut process =
            Process::spawn(&shell("trap '' TERM; echo set; sleep 1000", folder.path())).unwrap();
        while tail(&folder.path().join("log")) != "set" {
            tokio::task::yield_now().await;
        }
        let status = process.stop(Signal::SIGTERM, Duration::from_millis(50)).await;
        assert_eq!(status.to_string(), "SIGKILL");
    }

    #[tokio::test]
    async fn dropped_it_leaves_no_descendant() {
        let folder = tempfile::tempdir().unwrap();
        let process = Process::spawn(&shell("setsid sleep 1000 & wait", folder.path())).unwrap();
        while tree::family(process.pid()).unwrap().len() < 2 {
            tokio::task::yield_now().await;
        }
        let family = tree::family(process.pid()).unwrap();
        drop(process);
        while family.iter().any(is_there) {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn after_its_end_no_process_counts_as_its_descendant() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Process::spawn(&shell("", folder.path())).unwrap();
        process.wait().await;
        // As if the kernel had given its id to this process, which has a child.
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        process.pid = std::process::id();
        assert_eq!(process.descendants(), []);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_run_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Process::run(&shell("exit 4", folder.path())).unwrap().to_string(), "exit code 4");
    }

    #[test]
    fn a_child_has_only_the_environment_that_it_was_given() {
        let folder = tempfile::tempdir().unwrap();
        let mut spec =
            shell("env | grep -v -e ^PATH= -e ^HOME= -e ^LANG= -e ^PWD= -e ^_= -e ^SHLVL=", folder.path());
        spec.env.insert("FAULTLINE_RUN".into(), "this one".into());
        Process::run(&spec).unwrap();
        assert_eq!(tail(&spec.log), "FAULTLINE_RUN=this one");
    }

    #[test]
    fn a_missing_program_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut spec = shell("", folder.path());
        spec.program = "/no/such/program".into();
        let told = Process::spawn(&spec).unwrap_err().to_string();
        assert!(told.contains("/no/such/program"), "{told}");
    }
}
