//! Exit codes. They are an interface: published in `--help` and docs/commands.md, and kept stable.

use std::fmt;
use std::process::ExitCode;

use crate::checker::Verdict;
use crate::load::LoadError;
use crate::runner::RunError;
use crate::stack::StackError;

/// Exit codes in `--help`.
pub const HELP: &str = "\
Exit codes:
  0    pass, or done
  1    fail: an expectation does not hold
  2    unknown: inconclusive, not enough evidence
  64   a mistake in the scenario, the topology or the command line
  69   the system could not be started, or something is missing
  70   an internal error
  130  interrupted
A reader of the output that goes away changes no exit code.";

/// Exit code of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
// 64, 69 and 70 are those of sysexits.h; 130 is 128 and SIGINT, as a shell reports it.
pub enum Exit {
    /// Verdict `pass`, or a verb that is done.
    Pass = 0,
    /// Verdict `fail`.
    Fail = 1,
    /// Verdict `unknown`.
    Unknown = 2,
    /// A mistake in the scenario, the topology or the command line.
    Usage = 64,
    /// A system that could not be started, or something that is missing.
    Unavailable = 69,
    /// An internal error.
    Internal = 70,
    /// Interruption by a person or a signal.
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
            // A script must not take a run that proved nothing for a pass.
            Verdict::NotChecked | Verdict::Unknown => Self::Unknown,
            Verdict::Fail => Self::Fail,
        }
    }
}

/// Error of a verb: a message and an exit code.
#[derive(Debug)]
pub struct Failure {
    /// Exit code of the program.
    pub exit: Exit,
    message: String,
}

impl Failure {
    /// Creates a failure by a mistake of the user.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Usage, message: message.to_string() }
    }

    /// Creates a failure by something that is missing or cannot be started.
    pub fn unavailable(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Unavailable, message: message.to_string() }
    }

    /// Creates a failure by an interruption before there was a result.
    pub fn interrupted(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Interrupted, message: message.to_string() }
    }

    /// Creates a failure that should not happen.
    pub fn internal(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Internal, message: message.to_string() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
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
            // The machine has no thread or timer left; other errors of a load are mistakes in its description.
            RunError::Load(LoadError::System(_)) => Exit::Unavailable,
            RunError::Load(_) => Exit::Usage,
            RunError::Interrupted => Exit::Interrupted,
            RunError::Journal(_) | RunError::Record(_) | RunError::History(_) => Exit::Internal,
            RunError::Task(_) | RunError::Reported => Exit::Internal,
        };
        Self { exit, message: error.to_string() }
    }
}
