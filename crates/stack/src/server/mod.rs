//! Launchers of the real servers that the lab knows how to run as plain processes.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`postgres`], [`rabbitmq`], [`mongo`] | one server each |
//! | [`inventory`] | which of their programs are on this machine |

mod inventory;
mod mongo;
mod postgres;
mod rabbitmq;

use std::collections::BTreeMap;
use std::fs::{OpenOptions, Permissions};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use futures::future::BoxFuture;
use nix::sys::signal::Signal;

use super::account::AccountError;
use super::data;
use super::port::PortError;
use super::process::Spec;
use super::run_id::RunId;
use super::topology::Node;

pub use inventory::{InstalledProgram, inventory};

/// Place of one server in a run: folder, log, ports, environment.
#[derive(Debug, Clone)]
pub struct ServerPlace {
    /// Folder of the server's data.
    pub dir: PathBuf,
    /// Path of its log.
    pub log: PathBuf,
    /// Port on 127.0.0.1 for each port in its container.
    pub ports: BTreeMap<u16, u16>,
    /// Variables from the topology, and those of an override in their place.
    pub environment: BTreeMap<String, String>,
    /// Id of the run.
    pub run: RunId,
}

/// A server that can't be prepared or provisioned.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A program that is not there.
    #[error("{program} is missing: {how}")]
    Missing {
        /// Name of the program.
        program: &'static str,
        /// Advice on how to get it.
        how: String,
    },
    /// The topology gives no port that the server needs.
    #[error("{server} has no port {port} in the topology; add it to `ports` or `expose`")]
    NoPort {
        /// Name of the server.
        server: &'static str,
        /// The port in its container.
        port: u16,
    },
    /// A port of its own that can't be had.
    #[error(transparent)]
    Port(#[from] PortError),
    /// A file or folder of it.
    #[error("{what}: {source}")]
    File {
        /// Thing that could not be had, and its purpose.
        what: String,
        /// Error of the operating system.
        source: io::Error,
    },
    /// A program that ended badly.
    #[error("{program} failed: {message}")]
    Failed {
        /// Name of the program.
        program: &'static str,
        /// Output of the program.
        message: String,
    },
    /// Users or databases that could not be made.
    #[error("{server} could not be provisioned: {message}")]
    Provision {
        /// Name of the server.
        server: &'static str,
        /// Answer of the server.
        message: String,
    },
}

/// A server that the lab knows.
pub trait Server: Send + Sync {
    /// Makes its data folder and configuration, once; a second call does nothing. Blocks.
    // Called before every start, so a node that restarts finds its data.
    fn prepare(&self, place: &ServerPlace) -> Result<(), ServerError>;

    /// Builds the command that starts the server.
    fn spec(&self, place: &ServerPlace) -> Result<Spec, ServerError>;

    /// The signal by which it stops in order.
    fn stop_signal(&self) -> Signal;

    /// Exit codes with which it ends in order after that signal, as its maker promises.
    fn stop_codes(&self) -> &'static [i32];

    /// The signal by which it ends at once when its data is not needed any more, leaving nothing behind.
    fn end_signal(&self) -> Signal {
        Signal::SIGKILL
    }

    /// Logs in and asks something, once; the error says what is waited for.
    fn ready<'a>(&'a self, place: &'a ServerPlace) -> BoxFuture<'a, Result<(), String>>;

    /// Makes users and databases, after it is ready for the first time.
    fn provision<'a>(&'a self, place: &'a ServerPlace) -> BoxFuture<'a, Result<(), ServerError>>;
}

/// The launcher of a server, by the name that topologies use.
#[must_use]
pub fn known(name: &str) -> Option<Box<dyn Server>> {
    match name {
        "postgres" => Some(Box::new(postgres::Postgres)),
        "rabbitmq" => Some(Box::new(rabbitmq::Rabbitmq)),
        "mongo" => Some(Box::new(mongo::Mongo)),
        _ => None,
    }
}

impl From<AccountError> for ServerError {
    fn from(AccountError { what, source }: AccountError) -> Self {
        Self::File { what, source }
    }
}

impl ServerPlace {
    /// Makes the place of a node in the folder of a run; nothing is written yet.
    pub(crate) fn new(
        node: &Node,
        run: &RunId,
        folder: &Path,
        ports: BTreeMap<u16, u16>,
        environment: BTreeMap<String, String>,
    ) -> Self {
        Self {
            dir: data::folder_of(folder, run, &node.name),
            log: folder.join("logs").join(format!("{}.log", node.name)),
            ports,
            environment,
            run: run.clone(),
        }
    }

    /// Returns the address of this machine for a port in its container.
    pub(crate) fn address(&self, inner: u16) -> Option<SocketAddr> {
        self.ports.get(&inner).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, *port)))
    }

    /// The port on 127.0.0.1 for one in the container.
    fn port(&self, server: &'static str, port: u16) -> Result<u16, ServerError> {
        self.ports.get(&port).copied().ok_or(ServerError::NoPort { server, port })
    }

    /// A variable, or its default.
    fn variable(&self, name: &str, default: &str) -> String {
        self.environment.get(name).cloned().unwrap_or_else(|| default.to_owned())
    }
}

/// Finds the port of 127.0.0.1 on which a server listens, without a client.
// Most checks of a server that starts come before it listens; a connection is cheap, a client is not.
async fn knock(place: &ServerPlace, server: &'static str, port: u16) -> Result<u16, String> {
    let port = place.port(server, port).map_err(|error| error.to_string())?;
    match tokio::net::TcpStream::connect(("127.0.0.1", port)).await {
        Ok(stream) if is_shut(&stream).await => {
            Err(format!("{server} does not listen behind 127.0.0.1:{port} yet"))
        }
        Ok(_) => Ok(port),
        Err(error) => Err(format!("{server} does not listen on 127.0.0.1:{port} yet: {error}")),
    }
}

/// Tells whether a new connection ends by itself.
// A container engine listens for a container that does not listen yet, and hangs up; the servers themselves wait
// for their clients to speak first.
async fn is_shut(stream: &tokio::net::TcpStream) -> bool {
    let moment = std::time::Duration::from_millis(5);
    match tokio::time::timeout(moment, stream.readable()).await {
        // Nothing to read though it said so is no end; its end, and a reset, are.
        Ok(_) => match stream.try_read(&mut [0]) {
            Ok(length) => length == 0,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        },
        Err(_) => false,
    }
}

/// Runs a future that answers within a second, or says that it did not.
async fn within_a_second<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    // A server that is starting may accept a connection and never answer on it; the next check comes soon.
    let limit = std::time::Duration::from_secs(1);
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(format!("no answer within {limit:?}")))
}

fn make_folder(path: &std::path::Path) -> Result<(), ServerError> {
    std::fs::create_dir_all(path)
        .map_err(|source| ServerError::File { what: format!("can't make {}", path.display()), source })
}

fn write_file(path: &std::path::Path, text: &str) -> Result<(), ServerError> {
    std::fs::write(path, text).map_err(|source| unwritten(path, source))
}

/// Writes a file that nobody else can read.
fn write_secret(path: &std::path::Path, text: &str) -> Result<(), ServerError> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        // The mode is that of a new file only.
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(text.as_bytes())
    };
    write().map_err(|source| unwritten(path, source))
}

fn unwritten(path: &std::path::Path, source: io::Error) -> ServerError {
    ServerError::File { what: format!("can't write {}", path.display()), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_closed_to_others_also_where_an_open_file_was() {
        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        let (new, old) = (folder.path().join("new"), folder.path().join("old"));
        std::fs::write(&old, "something longer").unwrap();
        std::fs::set_permissions(&old, Permissions::from_mode(0o644)).unwrap();
        for path in [new, old] {
            write_secret(&path, "secret").unwrap();
            assert_eq!((mode(&path), std::fs::read_to_string(&path).unwrap().as_str()), (0o600, "secret"));
        }
    }
}
