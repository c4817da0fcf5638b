//! The command of a child, and the thread that makes children.
//!
//! The kernel sends a child its death signal when the *thread* that made it ends (prctl(2),
//! PR_SET_PDEATHSIG), so one thread that lives as long as the harness makes all of them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};

use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::account::Account;

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

/// Starts a child from the one thread that makes children.
pub(super) fn start(spec: &Spec) -> Result<Child, ProcessError> {
    let failed = |source| ProcessError::Spawn { program: spec.program.clone(), source };
    let (answer, answered) = channel();
    spawner().send((command(spec)?, answer)).map_err(|_| failed(io::Error::other("no spawner")))?;
    answered.recv().map_err(|_| failed(io::Error::other("no spawner")))?.map_err(failed)
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
