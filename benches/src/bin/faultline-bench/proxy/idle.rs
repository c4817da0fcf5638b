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

/// Connections of the first measurement.
const FEW: usize = 1_000;

/// Connections of the second, where the descriptors suffice.
const MANY: usize = 10_000;

/// Numbers of connections. The second is bounded by the descriptors.
pub(super) fn numbers() -> Result<[usize; 2], BenchError> {
    let limits = fs::read_to_string("/proc/self/limits")?;
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let most = files
        .and_then(|limits| limits.split_whitespace().nth(1))
        .ok_or("limits: expected `Max open files`, found none")?;
    // It may be `unlimited`.
    numbers_within(most.parse().unwrap_or(usize::MAX))
}

fn numbers_within(descriptors: usize) -> Result<[usize; 2], BenchError> {
    // A proxy needs two for each connection.
    let most = descriptors.saturating_sub(OTHERS) / 2;
    if most < FEW {
        let least = 2 * FEW + OTHERS;
        return Err(format!("ulimit -n: expected at least {least} descriptors, found {descriptors}").into());
    }
    Ok([FEW, MANY.min(most)])
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_bound_the_connections_and_too_few_are_an_error() {
        assert_eq!(numbers_within(usize::MAX).unwrap(), [FEW, MANY]);
        assert_eq!(numbers_within(4_500).unwrap(), [FEW, 2_000]);
        for few in [0, 256, 1_024, 2_499] {
            let error = numbers_within(few).unwrap_err().to_string();
            assert_eq!(error, format!("ulimit -n: expected at least 2500 descriptors, found {few}"));
        }
    }
}
