//! The memory of a proxy with many connections on which nothing happens.

use std::fs;
use std::time::Duration;

use benches::Failed;

use super::origin::Doors;
use super::pinger::Pinger;
use super::subject::{Kind, Subject};
use crate::session::Notes;

/// Descriptors that a proxy has besides its connections, generously.
const OTHERS: usize = 500;

/// Connections that are measured; the second as many as descriptors allow, which a proxy needs two of for each.
pub(super) fn numbers() -> Result<[usize; 2], Failed> {
    let limits = fs::read_to_string("/proc/self/limits")?;
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let most = files.and_then(|limits| limits.split_whitespace().nth(1)).ok_or("no limit of descriptors")?;
    let most = most.parse().unwrap_or(usize::MAX);
    Ok([1_000, 10_000.min((most - OTHERS) / 2)])
}

/// Starts a proxy anew, since memory that it has had before is seldom given back.
pub(super) async fn measure(kind: Kind, origin: Doors, notes: &mut Notes) -> Result<(), Failed> {
    let subject = Subject::start(kind, origin).await?;
    let process = subject.process.as_ref().ok_or("there is no proxy")?;
    let mut open = Vec::new();
    for number in numbers()? {
        open.extend(Pinger::many(number - open.len(), subject.doors.echo).await?);
        // What was needed only for connecting may be given back until then.
        tokio::time::sleep(Duration::from_secs(1)).await;
        notes.add(&format!("link/{}: memory, {number} idle", subject.name), process.memory()?, "MiB");
    }
    Ok(())
}
