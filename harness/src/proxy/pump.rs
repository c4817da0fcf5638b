//! One direction of one connection: reads, holds back what a toxic delays, writes. Order is kept, half-close
//! is passed on, and an abrupt end of one side is an abrupt end of the other.

use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::toxic::Toxics;
use super::{Counters, Shared};

/// Bytes read at once, at most.
const CHUNK: usize = 32 * 1024;

/// Chunks that a toxic may hold back before the sender feels it.
const HELD: usize = 1024;

/// A piece of data and when it may leave.
struct Chunk {
    data: Bytes,
    arrived: Instant,
}

/// Passes both directions on until both have ended, or one has ended abruptly.
///
/// `number` is that of the connection; with the seed of a toxic it decides what is random here.
pub(super) async fn both_ways(client: TcpStream, upstream: TcpStream, number: u64, shared: &Arc<Shared>) {
    let (client_read, client_write) = client.into_split();
    let (upstream_read, upstream_write) = upstream.into_split();
    let forward = one_way(client_read, upstream_write, number * 2, shared);
    let back = one_way(upstream_read, client_write, number * 2 + 1, shared);
    if let Err(ends) = tokio::try_join!(forward, back) {
        // Both sockets are still open here; with no linger their close is a reset.
        let _ = ends.set_zero_linger();
    }
}

/// The halves of a direction that ended abruptly.
struct Abrupt {
    read: OwnedReadHalf,
    write: OwnedWriteHalf,
}

impl Abrupt {
    fn set_zero_linger(&self) -> io::Result<()> {
        self.read.as_ref().set_zero_linger()?;
        self.write.as_ref().set_zero_linger()
    }
}

async fn one_way(
    mut read: OwnedReadHalf,
    mut write: OwnedWriteHalf,
    stream: u64,
    shared: &Arc<Shared>,
) -> Result<(OwnedReadHalf, OwnedWriteHalf), Abrupt> {
    let (held, queue) = mpsc::channel(HELD);
    let toxics = shared.toxics.subscribe();
    let reading = read_all(&mut read, held);
    let writing = write_all(&mut write, queue, toxics, stream, &shared.counters);
    match tokio::try_join!(reading, writing) {
        Ok(_) => Ok((read, write)),
        Err(_) => Err(Abrupt { read, write }),
    }
}

async fn read_all(read: &mut OwnedReadHalf, held: mpsc::Sender<Chunk>) -> io::Result<()> {
    let mut buffer = BytesMut::with_capacity(CHUNK);
    loop {
        buffer.reserve(CHUNK);
        if read.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
        let chunk = Chunk { data: buffer.split().freeze(), arrived: Instant::now() };
        if held.send(chunk).await.is_err() {
            return Ok(());
        }
    }
}

async fn write_all(
    write: &mut OwnedWriteHalf,
    mut queue: mpsc::Receiver<Chunk>,
    mut toxics: watch::Receiver<Arc<Toxics>>,
    stream: u64,
    counters: &Counters,
) -> io::Result<()> {
    let mut random = Random { stream, seeded: None };
    while let Some(chunk) = queue.recv().await {
        let now = Arc::clone(&toxics.borrow_and_update());
        if let Some(latency) = now.latency {
            let due = chunk.arrived + latency.sample(random.of(latency.seed));
            hold(due, &mut toxics).await;
            counters.add_delayed(chunk.data.len());
        }
        write.write_all(&chunk.data).await?;
        counters.add_bytes(chunk.data.len());
    }
    write.shutdown().await
}

/// The random numbers of one direction of one connection: a stream of its own for each seed.
struct Random {
    stream: u64,
    seeded: Option<(u64, ChaCha8Rng)>,
}

impl Random {
    fn of(&mut self, seed: u64) -> &mut ChaCha8Rng {
        if self.seeded.as_ref().is_none_or(|(before, _)| *before != seed) {
            self.seeded = None;
        }
        let (_, random) = self.seeded.get_or_insert_with(|| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(self.stream);
            (seed, random)
        });
        random
    }
}

/// Waits until `due`, or until the toxics change: then what is held leaves at once.
async fn hold(due: Instant, toxics: &mut watch::Receiver<Arc<Toxics>>) {
    tokio::select! {
        () = tokio::time::sleep_until(due) => {}
        _ = toxics.changed() => toxics.mark_unchanged(),
    }
}
