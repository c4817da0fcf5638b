//! A tally as numbers to print.

use serde::Serialize;

use super::latency::Latency;
use super::second::Second;
use super::tally::Tally;

/// Counts and latencies of the operations of one path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoadFigures {
    /// Operations that were due.
    pub offered: u64,
    /// Operations that were acknowledged.
    pub ok: u64,
    /// Surely without an effect.
    pub fail: u64,
    /// Outcome unknown.
    pub info: u64,
    /// Operations that were dropped.
    pub dropped: u64,
    /// Due in a second.
    pub offered_per_s: f64,
    /// Acknowledged in a second.
    pub ok_per_s: f64,
    /// Latency of those that are ok, from when they were due.
    pub from_due: Option<LatencyQuantiles>,
    /// Latency of those that are ok, from when they were sent.
    pub from_sent: Option<LatencyQuantiles>,
    /// Latency of those that are not ok, from when they were due.
    pub not_ok: Option<LatencyQuantiles>,
    /// Lateness of sending.
    pub lateness: Lateness,
}

/// Latencies in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LatencyQuantiles {
    /// Half take no longer.
    pub p50: f64,
    /// 90 % take no longer.
    pub p90: f64,
    /// 99 % take no longer.
    pub p99: f64,
    /// 99.9 % take no longer.
    pub p999: f64,
    /// Longest latency.
    pub max: f64,
    /// Mean latency.
    pub mean: f64,
}

/// Lateness: time from due to sent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Lateness {
    /// The share that was sent more than 10 ms late, 0 to 1.
    pub share: f64,
    /// The median, in milliseconds.
    pub p50: f64,
    /// 99.9 % are no later, in milliseconds.
    pub p999: f64,
    /// The latest, in milliseconds.
    pub max: f64,
}

/// One second of one path, in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SecondFigures {
    /// Number of the second, from 0 at the start of the load.
    pub second: u64,
    /// Path of the operations.
    pub path: String,
    /// Operations that were acknowledged.
    pub ok: u64,
    /// Operations that were not acknowledged: fail, info or dropped.
    pub not_ok: u64,
    /// Half of the latencies are no longer, in milliseconds.
    pub p50: Option<f64>,
    /// 99 % of the latencies are no longer, in milliseconds.
    pub p99: Option<f64>,
}

impl From<&Second> for SecondFigures {
    fn from(second: &Second) -> Self {
        let tally = &second.tally;
        let at = |quantile| tally.from_due.quantile(quantile).map(millis);
        Self {
            second: second.second,
            path: second.path.clone(),
            ok: tally.ok,
            not_ok: tally.offered() - tally.ok,
            p50: at(0.5),
            p99: at(0.99),
        }
    }
}

impl LoadFigures {
    /// Computes the figures of operations that were due within `seconds`.
    #[must_use]
    pub fn new(tally: &Tally, seconds: f64) -> Self {
        let a_second = |count: u64| if seconds > 0.0 { count as f64 / seconds } else { 0.0 };
        Self {
            offered: tally.offered(),
            ok: tally.ok,
            fail: tally.fail,
            info: tally.info,
            dropped: tally.dropped,
            offered_per_s: a_second(tally.offered()),
            ok_per_s: a_second(tally.ok),
            from_due: LatencyQuantiles::new(&tally.from_due),
            from_sent: LatencyQuantiles::new(&tally.from_sent),
            not_ok: LatencyQuantiles::new(&tally.not_ok),
            // Where nothing was sent, nothing was late.
            lateness: Lateness {
                share: tally.late_share(),
                p50: millis(tally.lateness.quantile(0.5).unwrap_or(0)),
                p999: millis(tally.lateness.quantile(0.999).unwrap_or(0)),
                max: millis(tally.lateness.max().unwrap_or(0)),
            },
        }
    }
}

impl LatencyQuantiles {
    /// Computes the quantiles of latencies; none of none.
    #[must_use]
    pub fn new(latency: &Latency) -> Option<Self> {
        let at = |quantile| latency.quantile(quantile).map(millis);
        Some(Self {
            p50: at(0.5)?,
            p90: at(0.9)?,
            p99: at(0.99)?,
            p999: at(0.999)?,
            max: latency.max().map(millis)?,
            mean: latency.mean()? / 1000.0,
        })
    }
}

fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}
