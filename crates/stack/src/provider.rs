//! Actions of every provider on the nodes of a topology.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use futures::future::BoxFuture;

use super::doorway::Doorway;
use super::error::StackError;
use super::identity::Identity;
use super::stop::StopOutcome;

/// State of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeState {
    /// Never started.
    Absent,
    /// Runs, with this process id on the machine where it does.
    Running(u32),
    /// Paused, with its process id.
    Paused(u32),
    /// Ended by itself, by exit code or signal.
    Ended(String),
    /// Ended by the lab.
    // Apart from `Ended`: a node that the lab ended has not died.
    Down(String),
    /// Unreachable: the provider cannot observe the node.
    // The run is judged `unknown` then, not `fail`: an engine that stops answering proves nothing about the system.
    Lost(String),
}

impl std::fmt::Display for NodeState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent => f.write_str("not started"),
            Self::Running(pid) => write!(f, "running as pid {pid}"),
            Self::Paused(pid) => write!(f, "paused as pid {pid}"),
            Self::Ended(how) => write!(f, "dead ({how})"),
            Self::Down(how) => write!(f, "down ({how})"),
            Self::Lost(how) => write!(f, "unreachable ({how})"),
        }
    }
}

/// The processes of a node that should be paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frozen {
    /// Number of processes of the node.
    pub processes: usize,
    /// Number of processes that run in spite of the pause.
    pub running: usize,
}

/// Means that runs the nodes of a topology.
pub trait Provider: Send + Sync {
    /// `processes`, `containers` or both.
    fn name(&self) -> &'static str;

    /// Returns the address at which the lab reaches a port of a node; known before the node starts, the same after a restart.
    fn address(&self, node: &str, port: u16) -> Option<SocketAddr>;

    /// Returns the address at which the proxies of a node's links must listen, so that the node reaches them.
    fn doorway(&self, node: &str) -> Doorway;

    /// Returns the address at which other nodes reach a port of a node without a proxy; none where they can't.
    fn neighbour(&self, _node: &str, _port: u16) -> Option<String> {
        None
    }

    /// Starts a node with this environment, or starts it again after it ended.
    // A boxed future, since a trait with async methods cannot be used behind `dyn`.
    fn start<'a>(
        &'a self,
        node: &'a str,
        environment: &'a BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<(), StackError>>;

    /// Asks a node that brings no readiness of its own once whether it is ready; the error says what it
    /// waits for.
    fn ready<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), String>>;

    /// Users and databases, once a node is ready for the first time.
    fn provision<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), StackError>>;

    /// Returns the state of a node.
    fn state(&self, node: &str) -> NodeState;

    /// Kills a node with SIGKILL; done when it is gone.
    fn kill<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), StackError>>;

    /// Stops a node gracefully, and kills it if it takes too long; done when it is gone.
    fn stop<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<StopOutcome, StackError>>;

    /// Pauses a node; done when no part of it runs.
    fn pause<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), StackError>>;

    /// Resumes a node that was paused.
    fn resume<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), StackError>>;

    /// The process of a node that runs as one of this machine's own, which a signal reaches.
    // The process id of a container is the engine's, perhaps one of another machine.
    fn identity(&self, _node: &str) -> Option<Identity> {
        None
    }

    /// Tells whether the process that a node was has ended.
    fn is_gone<'a>(&'a self, node: &'a str, pid: u32) -> BoxFuture<'a, bool>;

    /// Reports the effect of a pause on a node's processes.
    fn frozen<'a>(&'a self, node: &'a str, pid: u32) -> BoxFuture<'a, Frozen>;

    /// The last lines of a node's log.
    fn log_tail(&self, node: &str) -> String;

    /// Ends every node; returns the ends of those that were asked to stop.
    fn shutdown(&self) -> BoxFuture<'_, Vec<StopOutcome>>;
}
