//! Bytes from one socket to another through a pipe, without a copy through this process. Linux only; where there is no
//! pipe to be had, bytes are copied.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};

use nix::fcntl::{FcntlArg, OFlag, SpliceFFlags, fcntl, splice};
use nix::unistd::pipe2;
use tokio::io::Interest;
use tokio::net::TcpStream;

/// Bytes that a pipe holds: as much as any user may ask for, since each time that it is filled costs a wake-up; and what
/// to ask for when a user's pipes hold too much already. The last resort is what the system gives unasked.
const SIZES: [usize; 2] = [1024 * 1024, 256 * 1024];

/// Pipes kept for the next connection that moves much.
const KEPT: usize = 32;

static POOL: Mutex<Vec<Pipe>> = Mutex::new(Vec::new());

/// Where bytes are between two sockets.
#[derive(Debug)]
pub(super) struct Pipe {
    read: OwnedFd,
    write: OwnedFd,
    held: usize,
}

impl Pipe {
    /// An empty one; none where the system gives none.
    pub(super) fn take() -> Option<Self> {
        let kept = POOL.lock().unwrap_or_else(PoisonError::into_inner).pop();
        kept.or_else(|| Self::new().ok())
    }

    fn new() -> nix::Result<Self> {
        let (read, write) = pipe2(OFlag::O_NONBLOCK | OFlag::O_CLOEXEC)?;
        let _ = SIZES.iter().find(|size| fcntl(&write, FcntlArg::F_SETPIPE_SZ(**size as i32)).is_ok());
        Ok(Self { read, write, held: 0 })
    }

    /// Keeps it for another connection, if it is empty.
    pub(super) fn give_back(self) {
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        if self.held == 0 && pool.len() < KEPT {
            pool.push(self);
        }
    }

    /// Bytes that it holds.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Takes what a socket has, as much as fits; 0 at its end. Only while it is empty.
    pub(super) fn fill(&mut self, from: &TcpStream) -> io::Result<usize> {
        let flags = SpliceFFlags::SPLICE_F_MOVE | SpliceFFlags::SPLICE_F_NONBLOCK;
        let filled = from.try_io(Interest::READABLE, || {
            splice(from, None, &self.write, None, SIZES[0], flags).map_err(io::Error::from)
        })?;
        self.held += filled;
        Ok(filled)
    }

    /// Gives to a socket what that takes.
    pub(super) fn drain(&mut self, to: &TcpStream) -> io::Result<usize> {
        let flags = SpliceFFlags::SPLICE_F_MOVE | SpliceFFlags::SPLICE_F_NONBLOCK;
        let drained = to.try_io(Interest::WRITABLE, || {
            splice(&self.read, None, to, None, self.held, flags).map_err(io::Error::from)
        })?;
        self.held -= drained;
        Ok(drained)
    }
}
