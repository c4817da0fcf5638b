//! A connection whose incoming frames are looked at.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::io::{AsyncRead, AsyncWrite};

use super::frames::Frames;

/// The most that is read at once.
const PIECE: usize = 64 * 1024;

/// A connection.
// Writing is left alone.
#[derive(Debug)]
pub(in crate::rabbit) struct Guarded<S> {
    inner: S,
    frames: Frames,
    piece: Vec<u8>,
    /// Bytes that can be read, from `read` on.
    ready: Vec<u8>,
    read: usize,
}

impl<S> Guarded<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner, frames: Frames::default(), piece: vec![0; PIECE], ready: Vec::new(), read: 0 }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut [u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        // Until a frame is whole: an answer of 0 bytes would mean the end of the stream.
        while this.read == this.ready.len() {
            this.ready.clear();
            this.read = 0;
            match ready!(Pin::new(&mut this.inner).poll_read(cx, &mut this.piece))? {
                0 => return Poll::Ready(Ok(0)),
                came => this.frames.pass(&this.piece[..came], &mut this.ready).map_err(io::Error::other)?,
            }
        }
        let much = to.len().min(this.ready.len() - this.read);
        to[..much].copy_from_slice(&this.ready[this.read..this.read + much]);
        this.read += much;
        Poll::Ready(Ok(much))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(cx, from)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write_vectored(cx, from)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_close(cx)
    }
}
