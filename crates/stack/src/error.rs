//! Errors of a stack, of its nodes and of the container engine.

use std::time::Duration;

use faultline_proxy::ProxyError;

use super::port::PortError;
use super::process::ProcessError;
use super::server::ServerError;

/// Error of a stack or of one of its nodes.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// No such node.
    #[error("no node \"{0}\" in the topology")]
    NoNode(String),
    /// No such port.
    #[error("node {node} has no port {port} in the topology")]
    NoPort {
        /// Name of the node.
        node: String,
        /// The port as in compose.
        port: u16,
    },
    /// A program that is not there.
    #[error("node {node}: the program {program} is missing: {how}")]
    NoProgram {
        /// Name of the node.
        node: String,
        /// File name of the program.
        program: String,
        /// Advice on how to get it.
        how: String,
    },
    /// An override of the program of a node that runs none of the user's own.
    #[error("node {node}: expected a `binary` that {program} replaces, found none")]
    NoOverride {
        /// Name of the node.
        node: String,
        /// Program of the override.
        program: String,
    },
    /// A node of which only containers can be made.
    #[error("node {node} can only run as a container: its x-faultline names no `binary` and no `server`")]
    NoProcess {
        /// Name of the node.
        node: String,
    },
    /// A node of which no container can be made.
    #[error("node {node} can't run as a container: {message}")]
    NoContainer {
        /// Name of the node.
        node: String,
        /// Key that is missing or wrong.
        message: String,
    },
    /// The container engine, or what it says of a node.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A server that the lab does not know.
    #[error("node {node}: no launcher for a server \"{server}\"; known are postgres, rabbitmq, mongo")]
    UnknownServer {
        /// Name of the node.
        node: String,
        /// Name of the server, as in the topology.
        server: String,
    },
    /// A node that ended although the lab did not end it.
    #[error("node {node} died: {how}; the last lines of its log:\n{log}")]
    Died {
        /// Name of the node.
        node: String,
        /// Exit code or signal.
        how: String,
        /// Last lines of its log.
        log: String,
    },
    /// A node that was not ready in time.
    #[error("node {node} was not ready in time: {waits}; the last lines of its log:\n{log}")]
    NotReady {
        /// Name of the node.
        node: String,
        /// Condition that the node waits for.
        waits: String,
        /// Last lines of its log.
        log: String,
    },
    /// A node that is not in the state that an action needs.
    #[error("node {node} can't be {action}: it is {state}")]
    State {
        /// Name of the node.
        node: String,
        /// Action that was asked for.
        action: &'static str,
        /// State of the node.
        state: String,
    },
    /// A port that can't be had.
    #[error("node {node}: {source}")]
    Port {
        /// Name of the node.
        node: String,
        /// Number of the port and the program that holds it.
        source: PortError,
    },
    /// A child that can't be started or signalled.
    #[error("node {node}: {source}")]
    Process {
        /// Name of the node.
        node: String,
        /// Error of the process.
        source: ProcessError,
    },
    /// A known server that can't be prepared.
    #[error("node {node}: {source}")]
    Server {
        /// Name of the node.
        node: String,
        /// Error of the server.
        source: ServerError,
    },
    /// A proxy that can't listen.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// A file or folder that can't be used.
    #[error("{what}: {source}")]
    File {
        /// Thing that could not be had, and its purpose.
        what: String,
        /// Error of the operating system.
        source: std::io::Error,
    },
}

/// Error of the container engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No engine at the address.
    #[error(
        "no container engine answers at {at}: {message}; start it (mostly `systemctl start docker`), name another \
         with DOCKER_HOST, or run with --provider processes"
    )]
    NoAnswer {
        /// Address at which it was looked for.
        at: String,
        /// Error of the attempt.
        message: String,
    },
    /// The engine is there, but closed to this user.
    #[error(
        "this user may not use the container engine at {at}; join its group (mostly `sudo usermod -aG docker \
         $USER`, then log in again), name another engine with DOCKER_HOST, or run with --provider processes"
    )]
    NoPermission {
        /// Address of the engine.
        at: String,
    },
    /// An image that is not there. The lab pulls nothing by itself.
    #[error("node {node}: no image {image}; get it with `{how}`")]
    NoImage {
        /// Name of the node.
        node: String,
        /// Image of the node.
        image: String,
        /// The command that gets it.
        how: String,
    },
    /// An answer that is a refusal, or none since the connection broke.
    #[error("the container engine can't {what}: {message}")]
    Refused {
        /// Action that failed.
        what: String,
        /// HTTP status of the answer; none without one.
        status: Option<u16>,
        /// Message of the engine.
        message: String,
    },
    /// No answer in time.
    #[error("the container engine did not {what} within {limit:?}")]
    Late {
        /// Action that took too long.
        what: String,
        /// Time that was waited.
        limit: Duration,
    },
}
