//! The bytes of one direction of a connection that the receiver has not accepted yet.

use std::io;

use bytes::{Buf, Bytes};
use tokio::net::TcpStream;

#[cfg(target_os = "linux")]
use super::splice::Pipe;

/// Bytes in a pipe of the kernel, and bytes in memory behind them. Both are there only while the first toxic arrives.
#[derive(Debug, Default)]
pub(super) struct OutputBuffer {
    #[cfg(target_os = "linux")]
    pipe: Option<Pipe>,
    bytes: Bytes,
}

impl OutputBuffer {
    /// Sets the bytes in memory, which must be empty.
    pub(super) fn set(&mut self, bytes: Bytes) {
        // Bytes replaced before they were written would be missing in the stream, without an error.
        debug_assert!(self.bytes.is_empty());
        self.bytes = bytes;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.in_pipe() == 0 && self.bytes.is_empty()
    }

    /// Moves available bytes from a socket into a pipe. None if no pipe can be had.
    #[cfg(target_os = "linux")]
    pub(super) fn fill_pipe(&mut self, from: &TcpStream) -> Option<io::Result<usize>> {
        if self.pipe.is_none() {
            self.pipe = Pipe::from_pool();
        }
        self.pipe.as_mut().map(|pipe| pipe.fill(from))
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn fill_pipe(&mut self, _: &TcpStream) -> Option<io::Result<usize>> {
        None
    }

    /// Returns the pipe to the pool.
    pub(super) fn return_pipe(&mut self) {
        // An idle connection holds two sockets and nothing else, so that thousands of them cost little.
        #[cfg(target_os = "linux")]
        if let Some(pipe) = self.pipe.take() {
            pipe.return_to_pool();
        }
    }

    #[cfg(target_os = "linux")]
    fn in_pipe(&self) -> usize {
        self.pipe.as_ref().map_or(0, Pipe::held)
    }

    #[cfg(not(target_os = "linux"))]
    fn in_pipe(&self) -> usize {
        0
    }

    /// Writes the bytes that the socket accepts, and returns their number.
    ///
    /// # Errors
    /// The error of the socket, except `WouldBlock`.
    pub(super) fn write(&mut self, to: &TcpStream) -> io::Result<usize> {
        let mut written = 0;
        while !self.is_empty() {
            match self.write_some(to) {
                Ok(some) => written += some,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }

    fn write_some(&mut self, to: &TcpStream) -> io::Result<usize> {
        // The pipe first: bytes in memory came after those in it.
        #[cfg(target_os = "linux")]
        if let Some(pipe) = self.pipe.as_mut().filter(|pipe| pipe.held() > 0) {
            return pipe.drain(to);
        }
        let written = to.try_write(&self.bytes)?;
        self.bytes.advance(written);
        if self.bytes.is_empty() {
            // Empty `Bytes` still keep the memory that they were cut from.
            self.bytes = Bytes::new();
        }
        Ok(written)
    }
}
