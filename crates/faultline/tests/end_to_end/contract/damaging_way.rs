//! A way to RabbitMQ on which one frame is damaged, and all else passes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::lab::Shared;

/// A frame's type, channel and the length of its payload.
pub(super) const HEAD: usize = 7;

/// What a client begins with, before its first frame.
const GREETING: usize = 8;

/// Types of frames.
const METHOD: u8 = 1;
const HEADER: u8 = 2;

/// The first frame of this kind is damaged like this.
#[derive(Clone, Copy)]
pub(super) struct Damage {
    /// Whether it is one of RabbitMQ's.
    of_rabbit: bool,
    kind: u8,
    /// As its payload begins.
    begin: [u8; 4],
    how: fn(&mut [u8]),
}

impl Damage {
    /// Of a method of class `basic` that RabbitMQ sends.
    pub(super) fn of_rabbits(method: u8, how: fn(&mut [u8])) -> Self {
        Self { of_rabbit: true, kind: METHOD, begin: [0, 60, 0, method], how }
    }

    /// Of a method of class `basic` that a client sends.
    pub(super) fn of_clients(method: u8, how: fn(&mut [u8])) -> Self {
        Self { of_rabbit: false, ..Self::of_rabbits(method, how) }
    }

    /// Of the properties of a message that a client publishes.
    pub(super) fn of_properties(how: fn(&mut [u8])) -> Self {
        Self { of_rabbit: false, kind: HEADER, begin: [0, 60, 0, 0], how }
    }
}

/// A way to RabbitMQ.
pub(super) struct DamagingWay {
    pub(super) address: SocketAddr,
    done: Arc<AtomicBool>,
}

impl DamagingWay {
    pub(super) fn open(system: &Shared, damage: Damage) -> Self {
        let rabbit = system.address("rabbitmq", 5672);
        let listener = system.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        let done = Arc::new(AtomicBool::new(false));
        let known = Arc::clone(&done);
        system.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(rabbit).await else { continue };
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), server.into_split());
                let (up, down) = (damage.on(!damage.of_rabbit, &known), damage.on(damage.of_rabbit, &known));
                tokio::spawn(forward(from_client, to_server, GREETING, up));
                tokio::spawn(forward(from_server, to_client, 0, down));
            }
        });
        Self { address, done }
    }

    /// Whether the frame was damaged.
    pub(super) fn is_done(&self) -> bool {
        self.done.load(Ordering::SeqCst)
    }
}

impl Damage {
    /// What is done to a frame in one direction.
    fn on(self, damages: bool, done: &Arc<AtomicBool>) -> impl Fn(&mut [u8]) + Send + 'static {
        let done = Arc::clone(done);
        move |frame| {
            let hit = damages && frame[0] == self.kind && frame[HEAD..].starts_with(&self.begin);
            if hit && !done.swap(true, Ordering::SeqCst) {
                (self.how)(frame);
            }
        }
    }
}

/// Passes on what is in front of the frames, then the frames, until either side ends.
async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    greeting: usize,
    damage: impl Fn(&mut [u8]),
) -> std::io::Result<()> {
    let mut front = vec![0; greeting];
    from.read_exact(&mut front).await?;
    to.write_all(&front).await?;
    loop {
        let mut frame = vec![0; HEAD];
        from.read_exact(&mut frame).await?;
        let payload = u32::from_be_bytes([frame[3], frame[4], frame[5], frame[6]]);
        // With the octet that ends it.
        frame.resize(HEAD + payload as usize + 1, 0);
        from.read_exact(&mut frame[HEAD..]).await?;
        damage(&mut frame);
        to.write_all(&frame).await?;
    }
}
