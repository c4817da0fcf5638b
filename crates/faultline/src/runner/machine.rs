//! Versions and facts of the machine, for a report that can be believed later.

use std::collections::BTreeMap;

use crate::stack::server;

/// Collects versions and facts of the machine.
#[must_use]
pub fn facts() -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    facts.insert("os".to_owned(), format!("{} {}", std::env::consts::OS, std::env::consts::ARCH));
    if let Ok(release) = std::fs::read_to_string("/proc/sys/kernel/osrelease") {
        facts.insert("kernel".to_owned(), release.trim().to_owned());
    }
    // Those that this process may use: an affinity or a container's quota may allow fewer than there are.
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    facts.insert("cores".to_owned(), cores.to_string());
    if let Some(memory) = memory_mib() {
        facts.insert("memory".to_owned(), format!("{memory} MiB"));
    }
    for program in server::inventory() {
        if let Some(version) = program.version {
            facts.insert(program.name.to_string(), version);
        }
    }
    facts
}

fn memory_mib() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
    // The kernel writes KiB, though it calls them kB.
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}
