//! What is on its way out of one direction of a connection, and could not be written yet.

use std::io;

use bytes::{Buf, Bytes};
use tokio::net::TcpStream;

#[cfg(target_os = "linux")]
use super::splice::Pipe;

/// Bytes in a pipe, and bytes in memory behind them. There is the one or the other but while toxics come.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    #[cfg(target_os = "linux")]
    pub(super) pipe: Option<Pipe>,
    bytes: Bytes,
}

impl Outgoing {
    /// Puts bytes behind what is there; only when no others are in memory.
    pub(super) fn put(&mut self, bytes: Bytes) {
        debug_assert!(self.bytes.is_empty());
        self.bytes = bytes;
    }

    /// Whether there is nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.in_pipe() == 0 && self.bytes.is_empty()
    }

    #[cfg(target_os = "linux")]
    fn in_pipe(&self) -> usize {
        self.pipe.as_ref().map_or(0, Pipe::held)
    }

    #[cfg(not(target_os = "linux"))]
    fn in_pipe(&self) -> usize {
        0
    }

    /// Writes what the socket takes; how much that was.
    ///
    /// # Errors
    /// What the socket says, `WouldBlock` aside.
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
        #[cfg(target_os = "linux")]
        if let Some(pipe) = self.pipe.as_mut().filter(|pipe| pipe.held() > 0) {
            return pipe.drain(to);
        }
        let written = to.try_write(&self.bytes)?;
        self.bytes.advance(written);
        if self.bytes.is_empty() {
            // Whatever it was cut from goes too.
            self.bytes = Bytes::new();
        }
        Ok(written)
    }
}
