//! How exactly a toxic limits the bandwidth.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use benches::Failed;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::origin::Doors;
use super::subject::{Kind, Subject};
use crate::session::Rounds;

/// Rates that are asked for, in KB/s (1,000 bytes).
pub(super) const RATES: [u64; 2] = [1_000, 50_000];

/// For so long.
const TIME: Duration = Duration::from_secs(5);

/// Measures each rate: what came of what was asked for.
pub(super) async fn measure(kind: Kind, origin: Doors, rounds: &mut Rounds) -> Result<(), Failed> {
    for rate in RATES {
        let subject = Subject::start(kind, origin).await?;
        subject.add_to_all("bandwidth", "downstream", &json!({ "rate": rate })).await?;
        let share = rate_of(subject.doors.source).await? / (rate as f64 * 1000.0);
        rounds.add(&format!("{}: bandwidth, share of {rate} KB/s", subject.name), "", share);
    }
    Ok(())
}

/// Bytes in a second, from the first on.
async fn rate_of(door: SocketAddr) -> Result<f64, Failed> {
    let mut stream = TcpStream::connect(door).await?;
    let mut buffer = vec![0; 256 * 1024];
    stream.read_exact(&mut buffer[..1]).await?;
    let (begun, mut bytes) = (Instant::now(), 0_u64);
    let until = tokio::time::Instant::from_std(begun) + TIME;
    while let Ok(read) = tokio::time::timeout_at(until, stream.read(&mut buffer)).await {
        let read = read?;
        if read == 0 {
            return Err("a download ended early".into());
        }
        bytes += read as u64;
    }
    Ok(bytes as f64 / begun.elapsed().as_secs_f64())
}
