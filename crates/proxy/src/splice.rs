//! Bytes from one socket to another through a pipe of the kernel, without a copy through this process. Linux only; where
//! no pipe can be had, bytes are copied.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};

use nix::fcntl::{FcntlArg, OFlag, SpliceFFlags, fcntl, splice};
use nix::unistd::pipe2;
use tokio::io::Interest;
use tokio::net::TcpStream;

/// Sizes to ask for, in bytes, the second if the first is refused. If both are, the pipe keeps the kernel's default.
// A mebibyte is the most that any user may have. Each time that a pipe is filled costs a wake-up, so the largest is best;
// but the pipes of one user are limited in sum.
const SIZES: [usize; 2] = [1024 * 1024, 256 * 1024];

/// Limit of pipes in the pool.
// A pipe costs system calls to make and two descriptors to keep, so few are kept, for the next connections that move much.
const POOL_SIZE: usize = 32;

static POOL: Mutex<Vec<Pipe>> = Mutex::new(Vec::new());

/// Pipe of the kernel between two sockets.
#[derive(Debug)]
pub(super) struct Pipe {
    read: OwnedFd,
    write: OwnedFd,
    held: usize,
}

impl Pipe {
    /// Takes an empty pipe from the pool or makes one; none if the system refuses.
    pub(super) fn from_pool() -> Option<Self> {
        // A panic elsewhere cannot have left the list half changed.
        let pooled = POOL.lock().unwrap_or_else(PoisonError::into_inner).pop();
        pooled.or_else(|| Self::new().ok())
    }

    fn new() -> nix::Result<Self> {
        // A blocking pipe would stop its thread with other connections; no child may inherit the descriptors.
        let (read, write) = pipe2(OFlag::O_NONBLOCK | OFlag::O_CLOEXEC)?;
        let _ = SIZES.iter().find(|size| fcntl(&write, FcntlArg::F_SETPIPE_SZ(**size as i32)).is_ok());
        Ok(Self { read, write, held: 0 })
    }

    /// Returns the pipe to the pool, or closes it.
    pub(super) fn return_to_pool(self) {
        // Bytes that are left belong to this connection and must not reach another.
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        if self.held == 0 && pool.len() < POOL_SIZE {
            pool.push(self);
        }
    }

    /// Returns the number of bytes in the pipe.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Moves available bytes from a socket into the pipe, which must be empty; 0 at the end of the data.
    pub(super) fn fill(&mut self, from: &TcpStream) -> io::Result<usize> {
        let flags = SpliceFFlags::SPLICE_F_MOVE | SpliceFFlags::SPLICE_F_NONBLOCK;
        // Only into an empty pipe: EAGAIN means that the socket is empty or that the pipe is full. tokio
        // takes it for the former, and would wait for bytes that are there already.
        let filled = from.try_io(Interest::READABLE, || {
            // The kernel stops at the size of the pipe, so that the largest one fits for all.
            splice(from, None, &self.write, None, SIZES[0], flags).map_err(io::Error::from)
        })?;
        self.held += filled;
        Ok(filled)
    }

    /// Moves bytes from the pipe to a socket, as many as it accepts.
    pub(super) fn drain(&mut self, to: &TcpStream) -> io::Result<usize> {
        let flags = SpliceFFlags::SPLICE_F_MOVE | SpliceFFlags::SPLICE_F_NONBLOCK;
        let drained = to.try_io(Interest::WRITABLE, || {
            splice(&self.read, None, to, None, self.held, flags).map_err(io::Error::from)
        })?;
        self.held -= drained;
        Ok(drained)
    }
}
