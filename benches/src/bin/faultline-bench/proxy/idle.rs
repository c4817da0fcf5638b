//! Memory of a proxy with many idle connections.

use std::fs;
use std::time::Duration;

use benches::BenchError;

use super::origin::OriginAddresses;
use super::pinger::Pinger;
use super::subject::{ProxyKind, Subject};
use crate::session::Notes;

/// Descriptors that a proxy may have besides its connections.
const OTHERS: usize = 500;

/// Numbers of connections. The second is bounded by the descriptors, two of which a proxy needs for each.
pub(super) fn numbers() -> Result<[usize; 2], BenchError> {
    let limits = fs::read_to_string("/proc/self/limits")?;
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let most = files
        .and_then(|limits| limits.split_whitespace().nth(1))
        .ok_or("limits: expected `Max open files`, found none")?;
    let most = most.parse().unwrap_or(usize::MAX);
    Ok([1_000, 10_000.min((most - OTHERS) / 2)])
}

/// Measures a new proxy, since a program seldom returns memory that it once had.
pub(super) async fn measure(
    kind: ProxyKind,
    origin: OriginAddresses,
    notes: &mut Notes,
) -> Result<(), BenchError> {
    let subject = Subject::start(kind, origin).await?;
    let process = subject.process.as_ref().ok_or("memory: expected a proxy, found none")?;
    let mut open = Vec::new();
    for number in numbers()? {
        open.extend(Pinger::many(number - open.len(), subject.endpoints.echo).await?);
        // A proxy may free what it needed for connecting only.
        tokio::time::sleep(Duration::from_secs(1)).await;
        notes.add(&format!("link/{}: memory, {number} idle", subject.name), process.memory()?, "MiB");
    }
    Ok(())
}
