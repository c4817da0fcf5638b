//! One direction of one connection: bytes from one socket, through the toxics, to the other. All bytes are in the lane
//! itself and none in a future, so its futures may be dropped at any time and made again.

use std::cell::RefCell;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use nix::sys::socket::{Shutdown, shutdown};
use tokio::net::TcpStream;

use super::counters::ConnectionMeter;
use super::output::OutputBuffer;
use super::socket;
use super::timer;
use faultline_toxics::chain::{ConnectionId, ToxicChain};
use faultline_toxics::stage::StreamItem;
use faultline_toxics::{Direction, Toxic};

/// Limit of bytes for one read.
const READ: usize = 64 * 1024;

/// Limit of bytes for one chunk that toxics are given.
// Toxiproxy's, since a slicer or a jitter that sees other chunks would give other results.
const CHUNK: usize = 32 * 1024;

/// Bytes of one read from which on the kernel moves the bytes.
// Few bytes are copied at once, while a pipe has to be had from the pool first.
const BULK: usize = 32 * 1024;

thread_local! {
    /// Buffer between two system calls.
    // No bytes stay in it, so one for each thread is enough, and an idle connection needs no memory of its own.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// Reason for which a lane ends its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LaneEnd {
    /// A toxic closes the connection.
    Close,
    /// A toxic resets the connection.
    Reset,
    /// The sending side reset the connection.
    SenderLost,
    /// The receiving side reset the connection.
    ReceiverLost,
}

/// One direction of one connection.
#[derive(Debug)]
pub(super) struct Lane {
    direction: Direction,
    chain: ToxicChain,
    output: OutputBuffer,
    /// True once the sender has closed its direction.
    // Before the next wait the end is in the chain or with the receiver, so that no toxic that comes later can miss it.
    ended: bool,
    /// True once the receiver has the end of the data.
    finished: bool,
    /// True while bytes come fast enough for the kernel to move them.
    bulk: bool,
}

impl Lane {
    pub(super) fn new(id: ConnectionId) -> Self {
        Self {
            direction: id.direction,
            chain: ToxicChain::new(id),
            output: OutputBuffer::default(),
            ended: false,
            finished: false,
            bulk: false,
        }
    }

    /// Replaces the toxics.
    pub(super) fn apply(&mut self, toxics: &[Arc<Toxic>]) {
        self.chain.apply(toxics, Instant::now());
    }

    /// Returns true if not even a reset of the sender passes.
    pub(super) fn is_silent(&self) -> bool {
        self.chain.is_silent()
    }

    /// Moves bytes until the receiver has the end of the data. The future may be dropped at any time.
    pub(super) async fn run(
        &mut self,
        from: &TcpStream,
        to: &TcpStream,
        meter: &ConnectionMeter<'_>,
    ) -> Result<(), LaneEnd> {
        while !self.finished {
            if self.chain.is_idle() {
                self.run_direct(from, to, meter).await?;
            } else {
                // On the heap, so that a connection without toxics needs no memory for it.
                Box::pin(self.run_chain(from, to, meter)).await?;
            }
        }
        Ok(())
    }

    /// Moves bytes without toxics until the end of the data.
    async fn run_direct(
        &mut self,
        from: &TcpStream,
        to: &TcpStream,
        meter: &ConnectionMeter<'_>,
    ) -> Result<(), LaneEnd> {
        loop {
            // The output first: an earlier future may have been dropped while it waited for the receiver.
            meter.add_bytes(self.direction, self.output.write(to).map_err(receiver_lost)?);
            if !self.output.is_empty() {
                writable_or_reset(from, to).await?;
            } else if self.ended {
                return self.finish(to);
            } else {
                if !self.bulk {
                    self.output.return_pipe();
                }
                from.readable().await.map_err(sender_lost)?;
                self.move_bytes(from, to, meter)?;
            }
        }
    }

    /// Moves the available bytes from one socket to the other.
    fn move_bytes(
        &mut self,
        from: &TcpStream,
        to: &TcpStream,
        meter: &ConnectionMeter<'_>,
    ) -> Result<(), LaneEnd> {
        let moved = if self.bulk { self.output.fill_pipe(from) } else { None };
        let moved = moved.map_or_else(|| self.copy(from, to, meter), |read| read.map_err(CopyError::Read));
        match moved {
            Ok(0) => self.ended = true,
            Ok(bytes) => self.bulk = bytes >= BULK,
            // The reported readiness was out of date, which epoll allows. The caller waits again.
            Err(CopyError::Read(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(CopyError::Read(_)) => return Err(LaneEnd::SenderLost),
            Err(CopyError::Write) => return Err(LaneEnd::ReceiverLost),
        }
        Ok(())
    }

    fn copy(
        &mut self,
        from: &TcpStream,
        to: &TcpStream,
        meter: &ConnectionMeter<'_>,
    ) -> Result<usize, CopyError> {
        // No await inside: another lane of this thread would find the buffer borrowed, and panic.
        SCRATCH.with_borrow_mut(|scratch| {
            let read = socket::read(from, scratch).map_err(CopyError::Read)?;
            // Without a wait for its readiness: the receiver mostly has room, and the output takes the rest.
            let written = match to.try_write(&scratch[..read]) {
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(CopyError::Write),
                written => written.unwrap_or(0),
            };
            meter.add_bytes(self.direction, written);
            if written < read {
                self.output.set(Bytes::copy_from_slice(&scratch[written..read]));
            }
            Ok(read)
        })
    }

    /// Moves bytes through the toxics, until there are no toxics or the data has ended.
    async fn run_chain(
        &mut self,
        from: &TcpStream,
        to: &TcpStream,
        meter: &ConnectionMeter<'_>,
    ) -> Result<(), LaneEnd> {
        while !self.finished && !self.chain.is_idle() {
            self.write_due(to, meter)?;
            if self.finished || self.chain.is_idle() {
                break;
            }
            let writes = !self.output.is_empty();
            // While the receiver does not keep up, nothing may leave, whatever is due.
            let due = if writes { None } else { self.chain.due() };
            // Without room nothing is read: the kernel's buffer fills, and TCP slows the sender down.
            let reads = !self.ended && self.chain.has_room();
            tokio::select! {
                ready = writable_or_reset(from, to), if writes => ready?,
                // select! builds every future, also one whose condition is false; so there must be a moment.
                () = timer::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
                read = self.read_chunk(from, meter), if reads => read?,
                // Nobody reads from the sender here, so nothing else would notice that it is gone.
                () = socket::reset(from), if !reads && !writes => return Err(LaneEnd::SenderLost),
            }
        }
        Ok(())
    }

    /// Writes everything that may leave the chain now.
    fn write_due(&mut self, to: &TcpStream, meter: &ConnectionMeter<'_>) -> Result<(), LaneEnd> {
        loop {
            meter.add_bytes(self.direction, self.output.write(to).map_err(receiver_lost)?);
            if !self.output.is_empty() {
                return Ok(());
            }
            // Pops only when the last item has left: toxics that come or go do not affect what was popped.
            match self.chain.pop(Instant::now()) {
                Some(StreamItem::Data(bytes)) => self.output.set(bytes),
                Some(StreamItem::End) => return self.finish(to),
                Some(StreamItem::Close) => return Err(LaneEnd::Close),
                Some(StreamItem::Reset) => return Err(LaneEnd::Reset),
                None => return Ok(()),
            }
        }
    }

    async fn read_chunk(&mut self, from: &TcpStream, meter: &ConnectionMeter<'_>) -> Result<(), LaneEnd> {
        // An edit of the toxics cancels this wait alone; no await follows the read, so no bytes are lost.
        from.readable().await.map_err(sender_lost)?;
        match self.chunk(from) {
            Ok(bytes) if bytes.is_empty() => {
                self.ended = true;
                self.chain.push(StreamItem::End, Instant::now());
            }
            Ok(bytes) => {
                meter.add_arrival(self.direction);
                // A full chunk means that more waits; the next one is read without a copy.
                self.bulk = bytes.len() == CHUNK;
                self.chain.push(StreamItem::Data(bytes), Instant::now());
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return Err(LaneEnd::SenderLost),
        }
        Ok(())
    }

    /// Reads the available bytes, at most a chunk; nothing at the end of the data.
    fn chunk(&self, from: &TcpStream) -> io::Result<Bytes> {
        if self.bulk {
            let mut chunk = BytesMut::with_capacity(CHUNK);
            from.try_read_buf(&mut chunk)?;
            // A latency may hold a thousand chunks: one that is mostly empty must not keep the memory of a full one.
            let mostly_full = chunk.len() > CHUNK / 2;
            return Ok(if mostly_full { chunk.freeze() } else { Bytes::copy_from_slice(&chunk) });
        }
        SCRATCH.with_borrow_mut(|scratch| {
            let read = socket::read(from, &mut scratch[..CHUNK])?;
            Ok(Bytes::copy_from_slice(&scratch[..read]))
        })
    }

    /// Passes the end of the data to the receiver.
    fn finish(&mut self, to: &TcpStream) -> Result<(), LaneEnd> {
        self.finished = true;
        self.output.return_pipe();
        // Only this direction: a client may half-close and still wait for its answer, which Toxiproxy loses.
        match shutdown(to.as_raw_fd(), Shutdown::Write) {
            // The receiver is gone already; the lane that reads from it sees how it ended.
            Ok(()) | Err(nix::errno::Errno::ENOTCONN) => Ok(()),
            Err(_) => Err(LaneEnd::ReceiverLost),
        }
    }
}

/// Failure of a copy between two sockets.
enum CopyError {
    Read(io::Error),
    Write,
}

fn sender_lost(_: io::Error) -> LaneEnd {
    LaneEnd::SenderLost
}

fn receiver_lost(_: io::Error) -> LaneEnd {
    LaneEnd::ReceiverLost
}

/// Waits until the receiver accepts more bytes. Ends if the sender is reset meanwhile, which nobody would notice
/// otherwise, since nobody reads from it.
async fn writable_or_reset(from: &TcpStream, to: &TcpStream) -> Result<(), LaneEnd> {
    tokio::select! {
        writable = to.writable() => writable.map_err(receiver_lost),
        () = socket::reset(from) => Err(LaneEnd::SenderLost),
    }
}
