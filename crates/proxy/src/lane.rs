//! One direction of one connection: bytes that come, through the toxics, and out. Whatever has come is in the lane
//! itself and in no future, so a future of it may be dropped at any time and made again.

use std::cell::RefCell;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use nix::sys::socket::{MsgFlags, Shutdown, recv, shutdown};
use tokio::io::Interest;
use tokio::net::TcpStream;

use super::counters::Meter;
use super::outgoing::Outgoing;
use super::timer;
use faultline_toxics::Toxic;
use faultline_toxics::chain::{Chain, Lot};
use faultline_toxics::stage::Item;

/// Bytes read at once, at most.
const READ: usize = 64 * 1024;

/// Bytes of a piece that toxics are given, at most; Toxiproxy's.
const PIECE: usize = 32 * 1024;

/// Bytes read at once from which on it is worth to move them through the kernel.
const MUCH: usize = 32 * 1024;

thread_local! {
    /// Where bytes are between two system calls; an idle connection needs no memory of its own.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// Why both directions of a connection end at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Someone wanted it closed.
    Close,
    /// A toxic wants it to be reset.
    Reset,
    /// The side that sends was reset.
    SenderLost,
    /// The side that receives was reset.
    ReceiverLost,
}

/// One direction.
#[derive(Debug)]
pub(super) struct Lane {
    chain: Chain,
    out: Outgoing,
    /// The sender has said that no more comes.
    ended: bool,
    /// The toxics were told so.
    passed_on: bool,
    /// The receiver was told.
    told: bool,
    /// Bytes come fast enough for the kernel to move them.
    much: bool,
    downstream: bool,
}

impl Lane {
    pub(super) fn new(who: Lot) -> Self {
        Self {
            chain: Chain::new(who),
            out: Outgoing::default(),
            ended: false,
            passed_on: false,
            told: false,
            much: false,
            downstream: who.downstream,
        }
    }

    /// Makes the toxics these.
    pub(super) fn apply(&mut self, toxics: &[Arc<Toxic>]) {
        self.chain.apply(toxics, Instant::now());
    }

    /// Whether a toxic keeps everything from passing, also the news that the sender was reset.
    pub(super) fn is_silent(&self) -> bool {
        self.chain.is_silent()
    }

    /// Moves bytes until no more come and all have left. Can be dropped at any time, and called again.
    pub(super) async fn run(
        &mut self,
        from: &TcpStream,
        to: &TcpStream,
        meter: &Meter<'_>,
    ) -> Result<(), Ending> {
        while !self.told {
            if self.chain.is_idle() {
                self.pass(from, to, meter).await?;
            } else {
                // Apart, so that a connection without toxics needs no memory for it.
                Box::pin(self.hold(from, to, meter)).await?;
            }
        }
        Ok(())
    }

    /// One step without toxics.
    async fn pass(&mut self, from: &TcpStream, to: &TcpStream, meter: &Meter<'_>) -> Result<(), Ending> {
        loop {
            meter.add_bytes(self.downstream, self.out.write(to).map_err(receiver)?);
            if !self.out.is_empty() {
                writable_or_reset(from, to).await?;
            } else if self.ended {
                return self.tell_end(to);
            } else {
                self.slow_down();
                from.readable().await.map_err(sender)?;
                self.move_some(from, to, meter)?;
            }
        }
    }

    /// From one socket to the other, as much as is there.
    fn move_some(&mut self, from: &TcpStream, to: &TcpStream, meter: &Meter<'_>) -> Result<(), Ending> {
        let came = if self.much { self.fill_pipe(from) } else { None };
        let came = came.map_or_else(|| self.copy(from, to, meter), |came| came.map_err(Trouble::Sender));
        match came {
            Ok(0) => self.ended = true,
            Ok(bytes) if bytes >= MUCH => self.much = true,
            Ok(_) => self.much = false,
            Err(Trouble::Sender(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(Trouble::Sender(_)) => return Err(Ending::SenderLost),
            Err(Trouble::Receiver) => return Err(Ending::ReceiverLost),
        }
        Ok(())
    }

    fn copy(&mut self, from: &TcpStream, to: &TcpStream, meter: &Meter<'_>) -> Result<usize, Trouble> {
        SCRATCH.with_borrow_mut(|scratch| {
            let read = receive(from, scratch).map_err(Trouble::Sender)?;
            let written = match to.try_write(&scratch[..read]) {
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(Trouble::Receiver),
                written => written.unwrap_or(0),
            };
            meter.add_bytes(self.downstream, written);
            if written < read {
                self.out.put(Bytes::copy_from_slice(&scratch[written..read]));
            }
            Ok(read)
        })
    }

    #[cfg(target_os = "linux")]
    fn fill_pipe(&mut self, from: &TcpStream) -> Option<io::Result<usize>> {
        use super::splice::Pipe;
        if self.out.pipe.is_none() {
            self.out.pipe = Pipe::take();
        }
        self.out.pipe.as_mut().map(|pipe| pipe.fill(from))
    }

    #[cfg(not(target_os = "linux"))]
    fn fill_pipe(&mut self, _: &TcpStream) -> Option<io::Result<usize>> {
        None
    }

    /// Gives the pipe back when little comes.
    fn slow_down(&mut self) {
        #[cfg(target_os = "linux")]
        if !self.much
            && let Some(pipe) = self.out.pipe.take()
        {
            pipe.give_back();
        }
    }

    /// Steps with toxics, until there are none.
    async fn hold(&mut self, from: &TcpStream, to: &TcpStream, meter: &Meter<'_>) -> Result<(), Ending> {
        self.pass_end_on();
        while !self.told && !self.chain.is_idle() {
            self.give_out(to, meter)?;
            if self.told || self.chain.is_idle() {
                break;
            }
            let writes = !self.out.is_empty();
            let due = if writes { None } else { self.chain.due() };
            let reads = !self.ended && self.chain.has_room();
            tokio::select! {
                ready = writable_or_reset(from, to), if writes => ready?,
                () = timer::at(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
                read = self.read(from, meter), if reads => read?,
                () = reset(from), if !reads && !writes => return Err(Ending::SenderLost),
            }
        }
        Ok(())
    }

    /// Gives out what may leave now.
    fn give_out(&mut self, to: &TcpStream, meter: &Meter<'_>) -> Result<(), Ending> {
        loop {
            meter.add_bytes(self.downstream, self.out.write(to).map_err(receiver)?);
            if !self.out.is_empty() {
                return Ok(());
            }
            match self.chain.give(Instant::now()) {
                Some(Item::Data(bytes)) => self.out.put(bytes),
                Some(Item::End) => return self.tell_end(to),
                Some(Item::Close) => return Err(Ending::Close),
                Some(Item::Reset) => return Err(Ending::Reset),
                None => return Ok(()),
            }
        }
    }

    async fn read(&mut self, from: &TcpStream, meter: &Meter<'_>) -> Result<(), Ending> {
        from.readable().await.map_err(sender)?;
        match self.piece(from) {
            Ok(bytes) if bytes.is_empty() => {
                self.ended = true;
                self.pass_end_on();
            }
            Ok(bytes) => {
                meter.came(self.downstream);
                self.much = bytes.len() == PIECE;
                self.chain.take(Item::Data(bytes), Instant::now());
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return Err(Ending::SenderLost),
        }
        Ok(())
    }

    /// What is there, up to a piece; nothing at the end.
    fn piece(&self, from: &TcpStream) -> io::Result<Bytes> {
        if self.much {
            let mut piece = BytesMut::with_capacity(PIECE);
            from.try_read_buf(&mut piece)?;
            // Memory for a whole piece is kept only where much of it is used.
            let much = piece.len() > PIECE / 2;
            return Ok(if much { piece.freeze() } else { Bytes::copy_from_slice(&piece) });
        }
        SCRATCH.with_borrow_mut(|scratch| {
            let read = receive(from, &mut scratch[..PIECE])?;
            Ok(Bytes::copy_from_slice(&scratch[..read]))
        })
    }

    /// Tells the toxics that no more comes, once.
    fn pass_end_on(&mut self) {
        if self.ended && !self.passed_on {
            self.passed_on = true;
            self.chain.take(Item::End, Instant::now());
        }
    }

    /// Tells the receiver that no more comes.
    fn tell_end(&mut self, to: &TcpStream) -> Result<(), Ending> {
        self.told = true;
        self.much = false;
        self.slow_down();
        match shutdown(to.as_raw_fd(), Shutdown::Write) {
            // Gone already: whoever reads from it sees how.
            Ok(()) | Err(nix::errno::Errno::ENOTCONN) => Ok(()),
            Err(_) => Err(Ending::ReceiverLost),
        }
    }
}

/// What went wrong while bytes were copied.
enum Trouble {
    Sender(io::Error),
    Receiver,
}

fn sender(_: io::Error) -> Ending {
    Ending::SenderLost
}

fn receiver(_: io::Error) -> Ending {
    Ending::ReceiverLost
}

/// Reads what is there. A read that did not fill the buffer has emptied the socket, which is then not asked again before
/// more has come: a system call less for each message.
fn receive(from: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    let mut short = None;
    let read = from.try_io(Interest::READABLE, || {
        let read = recv(from.as_raw_fd(), buffer, MsgFlags::empty())?;
        if read == 0 || read == buffer.len() {
            return Ok(read);
        }
        short = Some(read);
        Err(io::ErrorKind::WouldBlock.into())
    });
    short.map_or(read, Ok)
}

/// Waits until the receiver takes more; ends if the sender was reset meanwhile.
async fn writable_or_reset(from: &TcpStream, to: &TcpStream) -> Result<(), Ending> {
    tokio::select! {
        writable = to.writable() => writable.map_err(receiver),
        () = reset(from) => Err(Ending::SenderLost),
    }
}

/// Waits until a socket from which nobody reads is reset.
pub(super) async fn reset(socket: &TcpStream) {
    loop {
        if socket.ready(Interest::ERROR).await.is_err() {
            return;
        }
        let error = socket.try_io(Interest::ERROR, || match socket.take_error()? {
            Some(error) => Ok(error),
            None => Err(io::ErrorKind::WouldBlock.into()),
        });
        match error {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            _ => return,
        }
    }
}
