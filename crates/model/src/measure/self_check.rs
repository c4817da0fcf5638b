//! How the generator did against a server that answers at once.

use serde::Serialize;

/// How the generator did at one rate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// Arrivals a second that were asked for.
    pub rate: u32,
    /// How many were sent.
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
    /// Whether a load of this rate would be believed.
    pub holds: bool,
}
