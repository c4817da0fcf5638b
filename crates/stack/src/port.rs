//! Ports of 127.0.0.1 that nobody else takes: outside the range from which the kernel gives ports to outgoing
//! connections, where it leaves enough ports, and locked among all harnesses of a user, so that a node that is down
//! keeps its port.

mod candidates;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use nix::fcntl::{Flock, FlockArg};
use procfs::net::{TcpNetEntry, TcpState};
use procfs::process::{FDTarget, Process};
use tokio::net::TcpSocket;

use self::candidates::Candidates;
use super::printable::printable;

/// A port of this harness, until dropped.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _lock: Flock<File>,
}

/// A port that can't be had.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Another program uses the port.
    #[error("port {port} is in use{by}; end that, or publish another port in the topology")]
    InUse {
        /// Number of the port.
        port: u16,
        /// Program that uses the port, where /proc shows it.
        by: String,
    },
    /// Every port of the range is taken.
    #[error("ports: expected a free one from {first} to {last}, found none")]
    NoneFree {
        /// First port that was tried.
        first: u16,
        /// Last port that was tried.
        last: u16,
    },
    /// The locks can't be used.
    #[error("the port locks in {path}: {source}", path = path.display())]
    Locks {
        /// Path of the folder.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
}

impl Port {
    /// Reserves any free port.
    ///
    /// # Errors
    /// [`PortError`] when none is free or locks can't be made.
    pub fn reserve() -> Result<Self, PortError> {
        // Each harness begins elsewhere, and goes on from the last one it took.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let folder = lock_folder()?;
        let candidates = Candidates::of_this_machine();
        for _ in 0..candidates.count() {
            let number = candidates.nth(std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            // The lock before the check: two labs that both found the port free would both take it.
            if let Some(lock) = lock(&folder, number)?
                && is_free(number)
            {
                return Ok(Self { number, _lock: lock });
            }
        }
        Err(PortError::NoneFree { first: candidates.first, last: candidates.last })
    }

    /// One port in particular.
    ///
    /// # Errors
    /// [`PortError::InUse`] says by whom.
    pub fn exact(number: u16) -> Result<Self, PortError> {
        let in_use = |by: Option<String>| {
            let by = by.map_or_else(String::new, |who| format!(" by {who}"));
            PortError::InUse { port: number, by }
        };
        let folder = lock_folder()?;
        let lock = lock(&folder, number)?.ok_or_else(|| in_use(keeper(&folder, number)))?;
        if is_free(number) { Ok(Self { number, _lock: lock }) } else { Err(in_use(holder(number))) }
    }

    /// Returns the number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }
}

/// Tells whether nobody listens on a port.
// Asked by binding, not by listening: a process that another thread starts at this moment has copies of all sockets
// until it is its own program, and a copy that listens would keep the port from its owner, which a bound one with
// `SO_REUSEADDR` does not (socket(7)).
fn is_free(number: u16) -> bool {
    let bind = |socket: TcpSocket| {
        socket.set_reuseaddr(true)?;
        socket.bind((Ipv4Addr::LOCALHOST, number).into())
    };
    TcpSocket::new_v4().and_then(bind).is_ok()
}

/// A folder that only this user can write to; a link or another's folder in its place is refused. It is the
/// same for all harnesses of the user, whatever their `TMPDIR` is.
fn lock_folder() -> Result<PathBuf, PortError> {
    let user = nix::unistd::geteuid();
    let path = PathBuf::from(format!("/tmp/faultline-ports-{user}"));
    let failed = |source| PortError::Locks { path: path.clone(), source };
    match DirBuilder::new().mode(0o700).create(&path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    let meta = fs::symlink_metadata(&path).map_err(failed)?;
    // Whoever may write to the folder could hold or remove the locks.
    if !meta.is_dir() || meta.uid() != user.as_raw() || meta.mode() & 0o022 != 0 {
        let source = io::Error::other("expected a folder that only this user can write to; remove it");
        return Err(failed(source));
    }
    Ok(path)
}

/// Locks a port, if no other harness has it, and leaves this one's process id in it for [`keeper`].
fn lock(folder: &Path, number: u16) -> Result<Option<Flock<File>>, PortError> {
    let path = folder.join(number.to_string());
    let mut open = OpenOptions::new();
    // Not emptied before it is locked: it may hold the note of another lab.
    let file = open.create(true).truncate(false).write(true).mode(0o600).open(&path);
    let file = file.map_err(|source| PortError::Locks { path, source })?;
    // The kernel drops a lock with its process, also after SIGKILL; a file that only exists proves nothing.
    let Ok(mut lock) = Flock::lock(file, FlockArg::LockExclusiveNonblock) else { return Ok(None) };
    // Without the note the lock is as good; only a message would say less.
    let _ = lock.set_len(0).and_then(|()| write!(lock, "{}", std::process::id()));
    Ok(Some(lock))
}

/// The harness that keeps a port, perhaps for a node that is down.
fn keeper(folder: &Path, number: u16) -> Option<String> {
    let pid = fs::read_to_string(folder.join(number.to_string())).ok()?.parse::<u32>().ok()?;
    Some(format!("another stack, of faultline with pid {pid}"))
}

/// The process that listens on a port: "pid 123 (name)".
fn holder(port: u16) -> Option<String> {
    // A socket on [::] takes the port of IPv4 too, and stands in the table of IPv6 alone.
    let tables = [procfs::net::tcp(), procfs::net::tcp6()];
    let sockets = tables.into_iter().filter_map(Result::ok).flatten();
    let listens =
        |socket: &TcpNetEntry| socket.state == TcpState::Listen && socket.local_address.port() == port;
    let inodes: Vec<u64> = sockets.filter(listens).map(|socket| socket.inode).collect();
    // The descriptors of other users are closed to this one; the message names nobody then.
    let holds = |process: &Process| {
        let is_one = |target: FDTarget| matches!(target, FDTarget::Socket(inode) if inodes.contains(&inode));
        process.fd().is_ok_and(|mut all| all.any(|descriptor| descriptor.is_ok_and(|one| is_one(one.target))))
    };
    let process = procfs::process::all_processes().ok()?.filter_map(Result::ok).find(holds)?;
    let name = process.stat().map(|stat| stat.comm).unwrap_or_default();
    Some(format!("pid {} ({})", process.pid(), printable(&name)))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::process::Command;
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[test]
    fn no_port_is_given_twice() {
        let ports: Vec<Port> = (0..20).map(|_| Port::reserve().unwrap()).collect();
        let mut numbers: Vec<u16> = ports.iter().map(Port::number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 20);
        let candidates = Candidates::of_this_machine();
        assert!(numbers.iter().all(|number| (candidates.first..=candidates.last).contains(number)));
    }

    #[test]
    fn a_port_that_is_kept_is_refused_though_nobody_listens() {
        let port = Port::reserve().unwrap();
        let told = Port::exact(port.number()).unwrap_err().to_string();
        assert!(told.contains(&format!("faultline with pid {}", std::process::id())), "{told}");
        let number = port.number();
        drop(port);
        assert_eq!(Port::exact(number).unwrap().number(), number);
    }

    #[test]
    fn a_port_in_use_is_told_with_its_holder() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let told = Port::exact(port).unwrap_err().to_string();
        assert!(told.contains(&format!("port {port} is in use by pid {}", std::process::id())), "{told}");
    }

    #[test]
    fn a_port_is_free_for_its_owner_while_processes_start() {
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    // With a folder the child is forked, and has the sockets until it is its own program.
                    Command::new("true").current_dir("/").status().unwrap();
                }
            });
            let taken = (0..2000).map(|_| Port::reserve().unwrap()).find(|port| {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.number()));
                listener.is_err()
            });
            done.store(true, Ordering::Relaxed);
            assert!(taken.is_none(), "port {} was taken", taken.unwrap().number());
        });
    }
}
