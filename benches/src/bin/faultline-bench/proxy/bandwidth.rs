//! Accuracy of a bandwidth toxic.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use benches::BenchError;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::origin::OriginAddresses;
use super::subject::{ProxyKind, Subject};
use crate::rounds::Rounds;

/// Rates of the toxic, in KB/s (1,000 bytes).
pub(super) const RATES: [u64; 2] = [1_000, 50_000];

/// Time of each measurement.
const TIME: Duration = Duration::from_secs(5);

/// Measures each rate as a share of the toxic's.
pub(super) async fn measure(
    kind: ProxyKind,
    origin: OriginAddresses,
    rounds: &mut Rounds,
) -> Result<(), BenchError> {
    for rate in RATES {
        let subject = Subject::start(kind, origin).await?;
        subject.add_to_all("bandwidth", "downstream", &json!({ "rate": rate })).await?;
        let share = rate_of(subject.endpoints.source).await? / (rate as f64 * 1000.0);
        rounds.add(&format!("{}: bandwidth, share of {rate} KB/s", subject.name), "", share);
    }
    Ok(())
}

/// Bytes per second, from the first one on.
async fn rate_of(address: SocketAddr) -> Result<f64, BenchError> {
    let mut stream = TcpStream::connect(address).await?;
    let mut buffer = vec![0; 256 * 1024];
    // The clock starts with the first byte: making the connection is no part of a bandwidth.
    stream.read_exact(&mut buffer[..1]).await?;
    let (begun, mut bytes) = (Instant::now(), 0_u64);
    let until = tokio::time::Instant::from_std(begun) + TIME;
    while let Ok(read) = tokio::time::timeout_at(until, stream.read(&mut buffer)).await {
        let read = read?;
        if read == 0 {
            return Err("download: expected more bytes, found the end".into());
        }
        bytes += read as u64;
    }
    Ok(bytes as f64 / begun.elapsed().as_secs_f64())
}
