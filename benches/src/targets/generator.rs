//! Targets of the load generator alone.

use super::target::{BenchTarget, at_most};
use crate::figures::BenchFigures;

pub(super) fn targets(figures: &BenchFigures) -> Vec<BenchTarget> {
    let value = |name: &str| figures.value(name);
    // The only targets that are no ratios: a load is wrong by what its generator is late, whatever the machine.
    let targets = [
        at_most("generator at 10,000/s: late", value("self-check/10000: late"), 0.001, ""),
        at_most("generator at 10,000/s: median", value("self-check/10000: p50"), 0.7, "ms"),
        at_most("generator at 20,000/s: late", value("self-check/20000: late"), 0.01, ""),
        at_most("generator at 20,000/s: cpu of a request", value("self-check/20000: cpu"), 45.0, "µs"),
    ];
    targets.into_iter().flatten().collect()
}
