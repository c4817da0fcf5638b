//! The end of a node that the lab asked to stop, against what was promised of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::elapsed::Elapsed;

/// The end of a node that was asked to stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Name of the node.
    pub node: String,
    /// Time of the end, in microseconds after the start of the load.
    pub at: i64,
    /// Microseconds from the signal to the end.
    pub took: u64,
    /// Microseconds that it had; after them it was killed.
    pub grace: u64,
    /// Exit codes that the maker of its program promises for the signal.
    pub promised: Vec<i32>,
    /// Exit status.
    pub status: ExitStatus,
}

/// Exit status of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExitStatus {
    /// An exit code.
    Code(i32),
    /// The signal that ended it, by name.
    Signal(String),
    /// No status was recorded.
    // Somebody else may have reaped the child first.
    Unseen,
}

impl Stop {
    /// Compares the end with the promise; none without a recorded status.
    #[must_use]
    pub fn is_in_order(&self) -> Option<bool> {
        match &self.status {
            ExitStatus::Code(code) => Some(self.promised.contains(code) && self.took <= self.grace),
            // Even the stop signal itself: a program that dies from it has not handled it.
            ExitStatus::Signal(_) => Some(false),
            ExitStatus::Unseen => None,
        }
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Exit code of a container that was killed: 128 and the number of SIGKILL.
        const KILLED: i32 = 128 + 9;
        match self {
            Self::Code(KILLED) => write!(f, "exit code {KILLED} (killed)"),
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(name) => f.write_str(name),
            Self::Unseen => f.write_str("no exit status"),
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let promised: Vec<String> = self.promised.iter().map(i32::to_string).collect();
        write!(
            f,
            "{}: expected exit code {} within {}, found {} after {}",
            self.node,
            promised.join(" or "),
            Elapsed::from_micros(self.grace),
            self.status,
            Elapsed::from_micros(self.took)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(status: ExitStatus, took: u64) -> Stop {
        Stop { node: "logger".into(), at: 0, took, grace: 20_000_000, promised: vec![0], status }
    }

    #[test]
    fn only_a_promised_exit_code_in_time_is_in_order() {
        assert_eq!(stop(ExitStatus::Code(0), 100).is_in_order(), Some(true));
        assert_eq!(stop(ExitStatus::Code(0), 20_000_001).is_in_order(), Some(false));
        assert_eq!(stop(ExitStatus::Code(101), 100).is_in_order(), Some(false));
        assert_eq!(stop(ExitStatus::Signal("SIGKILL".into()), 20_100_000).is_in_order(), Some(false));
        assert_eq!(stop(ExitStatus::Unseen, 100).is_in_order(), None);
    }

    #[test]
    fn what_is_written_is_read_back() {
        for status in [ExitStatus::Code(137), ExitStatus::Signal("SIGKILL".into()), ExitStatus::Unseen] {
            let stop = stop(status, 20_004_000);
            let text = serde_json::to_string(&stop).unwrap();
            assert_eq!(serde_json::from_str::<Stop>(&text).unwrap(), stop, "{text}");
        }
    }

    #[test]
    fn it_is_told_as_expected_and_found() {
        let killed = stop(ExitStatus::Signal("SIGKILL".into()), 20_004_000).to_string();
        assert_eq!(killed, "logger: expected exit code 0 within 20 s, found SIGKILL after 20.0 s");
        let container = stop(ExitStatus::Code(137), 20_140_000).to_string();
        assert!(container.ends_with("found exit code 137 (killed) after 20.1 s"), "{container}");
    }
}
