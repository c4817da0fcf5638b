//! Exit codes: published in `--help` and in the README, and kept.

use std::fmt;
use std::process::ExitCode;

use crate::checker::Verdict;
use crate::runner::RunError;
use crate::stack::StackError;

/// What `--help` says of exit codes.
pub const HELP: &str = "\
Exit codes:
  0    pass, or done
  1    fail: something expected does not hold
  2    unknown: it could not be seen, or was not checked
  64   a bad scenario, topology or command line
  69   the stack could not be started, or something is missing
  70   an internal error
  130  interrupted
A reader of the output that goes away changes none of them.";

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The verdict is `pass`, or the verb did what it is for.
    Pass = 0,
    /// The verdict is `fail`.
    Fail = 1,
    /// The verdict is `unknown`.
    Unknown = 2,
    /// A bad scenario, topology or command line.
    Usage = 64,
    /// The stack could not be started, or something is missing.
    Unavailable = 69,
    /// An internal error.
    Internal = 70,
    /// Interrupted.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::NotChecked | Verdict::Unknown => Self::Unknown,
            Verdict::Fail => Self::Fail,
        }
    }
}

/// Why a verb could not do what it is for, and the exit code of it.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    told: String,
}

impl Failure {
    /// A mistake of the user's.
    pub fn usage(told: impl fmt::Display) -> Self {
        Self { exit: Exit::Usage, told: told.to_string() }
    }

    /// Something is missing or can't be started.
    pub fn unavailable(told: impl fmt::Display) -> Self {
        Self { exit: Exit::Unavailable, told: told.to_string() }
    }

    /// Ended by a person or the system before there was a result.
    pub fn interrupted(told: impl fmt::Display) -> Self {
        Self { exit: Exit::Interrupted, told: told.to_string() }
    }

    /// Something that should not happen.
    pub fn internal(told: impl fmt::Display) -> Self {
        Self { exit: Exit::Internal, told: told.to_string() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told)
    }
}

impl From<StackError> for Failure {
    fn from(error: StackError) -> Self {
        Self::unavailable(error)
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        let exit = match &error {
            RunError::Stack(_) | RunError::Folder(_) => Exit::Unavailable,
            RunError::Load(_) => Exit::Usage,
            RunError::Interrupted => Exit::Interrupted,
            RunError::Journal(_) | RunError::Record(_) | RunError::History(_) => Exit::Internal,
        };
        Self { exit, told: error.to_string() }
    }
}
