//! Bytes, round trips and new connections in a second, and the CPU time that they cost the proxy.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use benches::Failed;
use benches::closed::{self, Until};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::pinger::{Pinger, Visitor};
use super::subject::Subject;
use crate::session::Rounds;

/// Connections that are made in one measurement: more would wait for the system's ports.
const NEW: u64 = 2_000;

/// Those who make them.
const VISITORS: usize = 16;

/// Measures one subject once.
pub(super) async fn measure(subject: &Subject, time: Duration, rounds: &mut Rounds) -> Result<(), Failed> {
    for connections in [1, 8] {
        download(subject, connections, time, rounds).await?;
    }
    for connections in [1, 64] {
        round_trips(subject, connections, time, rounds).await?;
    }
    let visitors = (0..VISITORS).map(|_| Visitor(subject.doors.echo)).collect();
    let lap = closed::run(visitors, Until::Calls(NEW)).await?;
    rounds.add(&format!("{}: new connections", subject.name), "/s", lap.rate());
    Ok(())
}

async fn download(
    subject: &Subject,
    connections: usize,
    time: Duration,
    rounds: &mut Rounds,
) -> Result<(), Failed> {
    let before = cpu(subject)?;
    let begun = Instant::now();
    let door = subject.doors.source;
    let tasks: Vec<_> = (0..connections).map(|_| tokio::spawn(drink(door, begun + time))).collect();
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

/// Reads until then; how many bytes.
async fn drink(door: SocketAddr, until: Instant) -> Result<u64, Failed> {
    let mut stream = TcpStream::connect(door).await?;
    let (mut buffer, mut bytes) = (vec![0; 256 * 1024], 0);
    while Instant::now() < until {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Err("a download ended early".into());
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
) -> Result<(), Failed> {
    let pingers = Pinger::many(connections, subject.doors.echo).await?;
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

/// CPU time of the proxy; none of none.
fn cpu(subject: &Subject) -> Result<Duration, Failed> {
    subject.process.as_ref().map_or(Ok(Duration::ZERO), super::process::Process::cpu)
}
