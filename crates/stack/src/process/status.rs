//! The exit status of a child.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use nix::sys::signal::Signal;

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
    pub(super) const LOST: Self = Self { code: None, signal: None };

    /// Makes the status of a process that ended with an exit code.
    pub(crate) fn exited(code: i32) -> Self {
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
