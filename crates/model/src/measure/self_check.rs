//! How the generator did against a server that answers at once.

use serde::Serialize;

/// Result of the generator's self-check at one rate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SelfCheckResult {
    /// Arrivals a second that were asked for.
    pub rate: u32,
    /// Number of operations sent.
    pub sent: u64,
    /// The share that was sent more than 10 ms late or not at all, 0 to 1.
    pub late: f64,
    /// The latest, in milliseconds.
    pub latest_ms: f64,
    /// Median latency from the due time, in milliseconds.
    pub p50_ms: f64,
    /// 99 % of the latencies are no longer, in milliseconds.
    pub p99_ms: f64,
    /// CPU time of the generator for each, in microseconds.
    pub cpu_us: f64,
    /// Tells whether a load of this rate would be believed.
    pub holds: bool,
}
