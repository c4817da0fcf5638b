//! Children that die with the harness, even when it is killed with SIGKILL.
//!
//! The kernel sends a child its death signal when the *thread* that made it ends (prctl(2),
//! PR_SET_PDEATHSIG), so one thread that lives as long as the harness makes all of them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use tokio::sync::watch;

use super::account::Account;
use super::tree;

/// Program, arguments and surroundings of a child.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Path of the program.
    pub program: PathBuf,
    /// Arguments.
    pub args: Vec<OsString>,
    /// Whole environment; nothing is inherited but PATH, HOME and LANG where they are not given.
    pub env: BTreeMap<OsString, OsString>,
    /// Working directory.
    pub cwd: PathBuf,
    /// The account that it runs as; this user's own if none.
    pub account: Option<Account>,
    /// File to which the output is appended.
    pub log: PathBuf,
}

/// A child that can't be started, signalled or waited for.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The log can't be opened.
    #[error("can't open the log {path}: {source}", path = path.display())]
    Log {
        /// Path of the log.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The program can't be started.
    #[error("can't start {program}: {source}", program = program.display())]
    Spawn {
        /// Path of the program.
        program: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
}

/// Exit status of a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    code: Option<i32>,
    signal: Option<i32>,
}

impl From<ExitStatus> for Status {
    fn from(status: ExitStatus) -> Self {
        Self { code: status.code(), signal: status.signal() }
    }
}

impl Status {
    /// Status of a child that another thread reaped.
    const LOST: Self = Self { code: None, signal: None };

    /// Makes the status of a process that ended with an exit code.
    pub(super) fn exited(code: i32) -> Self {
        Self { code: Some(code), signal: None }
    }

    /// Exit code; none of a process that a signal ended.
    #[must_use]
    pub fn code(self) -> Option<i32> {
        self.code
    }

    /// Tells whether the status was lost.
    #[must_use]
    pub fn is_lost(self) -> bool {
        self == Self::LOST
    }

    /// Tells whether the exit code is 0.
    #[must_use]
    pub fn is_success(self) -> bool {
        self.code == Some(0)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.signal) {
            (Some(code), _) => write!(f, "exit code {code}"),
            (None, Some(number)) => match Signal::try_from(number) {
                Ok(signal) => f.write_str(signal.as_str()),
                Err(_) => write!(f, "signal {number}"),
            },
            (None, None) => f.write_str("no status"),
        }
    }
}

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

type Request = (Command, Sender<io::Result<Child>>);

/// The one thread that makes children.
// The kernel ties a child's death signal to the thread that made it (prctl(2)), not to the process: children of a
// worker thread that ends would be killed with it. This thread lives as long as the lab.
fn spawner() -> &'static Sender<Request> {
    static SPAWNER: OnceLock<Sender<Request>> = OnceLock::new();
    SPAWNER.get_or_init(|| {
        let (sender, requests) = channel::<Request>();
        std::thread::spawn(move || {
            for (mut command, answer) in requests {
                let _ = answer.send(command.spawn());
            }
        });
        sender
    })
}

impl Process {
    /// Starts a child in a process group of its own, so that Ctrl-C reaches only the harness.
    ///
    /// # Errors
    /// [`ProcessError`] names the program or its log.
    pub fn spawn(spec: &Spec) -> Result<Self, ProcessError> {
        let failed = |source| ProcessError::Spawn { program: spec.program.clone(), source };
        let (answer, answered) = channel();
        spawner().send((command(spec)?, answer)).map_err(|_| failed(io::Error::other("no spawner")))?;
        let child = answered.recv().map_err(|_| failed(io::Error::other("no spawner")))?.map_err(failed)?;
        let pid = child.id();
        let end = Arc::new(ChildEnd::default());
        let (tell, end_status) = watch::channel(None);
        let known = Arc::clone(&end);
        std::thread::Builder::new()
            .name(format!("wait-{pid}"))
            // The thread only waits, and each child has one.
            .stack_size(64 * 1024)
            .spawn(move || reap(child, &known, &tell))
            .map_err(failed)?;
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

async fn end_all(family: &[tree::ProcessInfo]) {
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

fn is_there(process: &tree::ProcessInfo) -> bool {
    tree::see(process.pid).is_some_and(|now| now.started_at == process.started_at && now.state != 'Z')
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

fn command(spec: &Spec) -> Result<Command, ProcessError> {
    let log = log(&spec.log).map_err(|source| ProcessError::Log { path: spec.log.clone(), source })?;
    let both = log.try_clone().map_err(|source| ProcessError::Log { path: spec.log.clone(), source })?;
    let mut command = Command::new(&spec.program);
    // A variable of the user's shell or of cargo would make a run depend on who starts it.
    command.args(&spec.args).env_clear().current_dir(&spec.cwd).process_group(0);
    for inherited in ["PATH", "HOME", "LANG"] {
        command.envs(std::env::var_os(inherited).map(|value| (inherited, value)));
    }
    // No terminal: the kernel stops a process in the background that reads from it (SIGTTIN).
    command.envs(&spec.env).stdin(Stdio::null()).stdout(log).stderr(both);
    if let Some(account) = &spec.account {
        command.uid(account.uid).gid(account.gid);
    }
    die_with_the_harness(&mut command);
    Ok(command)
}

fn log(path: &Path) -> io::Result<File> {
    // A restarted node keeps its log, and two descriptors that append do not overwrite each other.
    OpenOptions::new().create(true).append(true).open(path)
}

/// Asks the kernel for SIGKILL when the harness is gone.
#[expect(unsafe_code, reason = "pre_exec is the only place between fork and exec")]
fn die_with_the_harness(command: &mut Command) {
    let harness = Pid::this();
    // Runs after the change of account, which would clear the death signal (prctl(2)).
    // SAFETY: the closure only makes two system calls and allocates nothing.
    unsafe {
        command.pre_exec(move || {
            nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
            // Gone before the signal was asked for?
            if Pid::parent() == harness { Ok(()) } else { Err(Errno::ESRCH.into()) }
        });
    }
}

/// The last lines of a log, at most 20 of them and 4 KiB.
#[must_use]
pub fn tail(path: &Path) -> String {
    const LONGEST: u64 = 4096;
    let read = || -> io::Result<String> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LONGEST)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        // The first character may be cut, and a node may write any bytes.
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().unwrap_or_else(|error| format!("(no log: {error})"));
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

#[cfg(test)]
mod tests {
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
