//! Bytes, round trips and new connections per second, and the CPU time that they cost the proxy.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use benches::BenchError;
use benches::closed::{self, Until};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::pinger::{Connector, Pinger};
use super::subject::Subject;
use crate::process::MeasuredProcess;
use crate::rounds::Rounds;

/// New connections of one measurement.
// The port of each stays in TIME_WAIT for a minute: with more, the clients would wait for ports.
const NEW: u64 = 2_000;

/// Callers that make them.
const CONNECTORS: usize = 16;

/// Measures one subject once.
pub(super) async fn measure(
    subject: &Subject,
    time: Duration,
    rounds: &mut Rounds,
) -> Result<(), BenchError> {
    // One connection shows the cost of a byte, eight whether it grows with the connections.
    for connections in [1, 8] {
        download(subject, connections, time, rounds).await?;
    }
    // One connection shows the latency, 64 the throughput.
    for connections in [1, 64] {
        round_trips(subject, connections, time, rounds).await?;
    }
    let connectors = (0..CONNECTORS).map(|_| Connector(subject.endpoints.echo)).collect();
    let lap = closed::run(connectors, Until::Calls(NEW)).await?;
    rounds.add(&format!("{}: new connections", subject.name), "/s", lap.rate());
    Ok(())
}

async fn download(
    subject: &Subject,
    connections: usize,
    time: Duration,
    rounds: &mut Rounds,
) -> Result<(), BenchError> {
    let before = cpu(subject)?;
    let begun = Instant::now();
    let address = subject.endpoints.source;
    let tasks: Vec<_> = (0..connections).map(|_| tokio::spawn(read(address, begun + time))).collect();
    let mut bytes = 0;
    for task in tasks {
        bytes += task.await??;
    }
    let (took, used) = (begun.elapsed(), cpu(subject)?.saturating_sub(before));
    let mebibytes = bytes as f64 / (1024.0 * 1024.0);
    let name = format!("{}: download, {connections} connected", subject.name);
    rounds.add(&name, "MiB/s", mebibytes / took.as_secs_f64());
    if subject.process.is_some() {
        rounds.add(&format!("{name}, cpu of a GiB"), "s", used.as_secs_f64() * 1024.0 / mebibytes);
    }
    Ok(())
}

/// Reads until a time and returns the number of bytes.
async fn read(address: SocketAddr, until: Instant) -> Result<u64, BenchError> {
    let mut stream = TcpStream::connect(address).await?;
    let (mut buffer, mut bytes) = (vec![0; 256 * 1024], 0);
    while Instant::now() < until {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Err("download: expected more bytes, found the end".into());
        }
        bytes += read as u64;
    }
    Ok(bytes)
}

async fn round_trips(
    subject: &Subject,
    connections: usize,
    time: Duration,
    rounds: &mut Rounds,
) -> Result<(), BenchError> {
    let pingers = Pinger::many(connections, subject.endpoints.echo).await?;
    let before = cpu(subject)?;
    let lap = closed::run(pingers, Until::Time(time)).await?;
    let used = cpu(subject)?.saturating_sub(before);
    let name = format!("{}: round trips, {connections} connected", subject.name);
    rounds.add(&name, "/s", lap.rate());
    rounds.add(&format!("{name}, p99"), "µs", lap.millis(0.99) * 1000.0);
    if subject.process.is_some() {
        let each = used.as_secs_f64() * 1e6 / lap.done.count() as f64;
        rounds.add(&format!("{name}, cpu of one"), "µs", each);
    }
    Ok(())
}

/// CPU time of the proxy; zero without one.
fn cpu(subject: &Subject) -> Result<Duration, BenchError> {
    subject.process.as_ref().map_or(Ok(Duration::ZERO), MeasuredProcess::cpu)
}
