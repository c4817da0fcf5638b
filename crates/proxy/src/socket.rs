//! Readiness of sockets: reads that do not ask twice, and the wait for a reset.

use std::io;
use std::os::fd::AsRawFd;

use nix::sys::socket::{MsgFlags, recv};
use tokio::io::Interest;
use tokio::net::TcpStream;

/// Reads available bytes; 0 at the end of the data.
///
/// # Errors
/// The error of the socket; `WouldBlock` if no bytes are available.
pub(super) fn read(from: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    let mut short = None;
    let read = from.try_io(Interest::READABLE, || {
        let read = recv(from.as_raw_fd(), buffer, MsgFlags::empty())?;
        if read == 0 || read == buffer.len() {
            return Ok(read);
        }
        // A read that did not fill the buffer has emptied the socket. This error makes tokio wait for more bytes before
        // it asks again, which saves a system call for each message.
        // tokio's poll_read does the same, its try_read does not. An end of the data that arrives meanwhile
        // is not missed, since tokio never clears the readiness of a closed direction.
        short = Some(read);
        Err(io::ErrorKind::WouldBlock.into())
    });
    short.map_or(read, Ok)
}

/// Waits until the socket is reset, although nobody reads from it.
pub(super) async fn reset(socket: &TcpStream) {
    loop {
        // Not the end of the data: whoever half-closes a connection may still wait for the answer.
        if socket.ready(Interest::ERROR).await.is_err() {
            return;
        }
        // The kernel clears SO_ERROR when it is read. No later read or write sees the reset, so the caller
        // has to end the connection.
        let error = socket.try_io(Interest::ERROR, || match socket.take_error()? {
            Some(error) => Ok(error),
            // Makes tokio forget the readiness; the loop would spin otherwise.
            None => Err(io::ErrorKind::WouldBlock.into()),
        });
        match error {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            _ => return,
        }
    }
}
