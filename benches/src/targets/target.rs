//! Limit of a figure.

use crate::figures::BenchFigures;

/// Figure with the limit that it must keep.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchTarget {
    /// Name, as readers see it.
    pub name: &'static str,
    /// Measured value.
    pub value: f64,
    /// Limit of the value.
    pub limit: f64,
    /// True for a lower limit, false for an upper one.
    pub at_least: bool,
    /// Unit of value and limit; empty for a ratio.
    pub unit: &'static str,
}

impl BenchTarget {
    /// Reports whether the value keeps its limit.
    #[must_use]
    pub fn is_met(&self) -> bool {
        if self.at_least { self.value >= self.limit } else { self.value <= self.limit }
    }
}

/// Target with a lower limit; none where the value was not measured.
pub(super) fn at_least(name: &'static str, value: Option<f64>, limit: f64) -> Option<BenchTarget> {
    Some(BenchTarget { name, value: value?, limit, at_least: true, unit: "" })
}

/// Target with an upper limit; none where the value was not measured.
pub(super) fn at_most(
    name: &'static str,
    value: Option<f64>,
    limit: f64,
    unit: &'static str,
) -> Option<BenchTarget> {
    Some(BenchTarget { name, value: value?, limit, at_least: false, unit })
}

/// Quotient of two figures of one run; none where one was not measured.
pub(super) fn quotient(figures: &BenchFigures, over: &str, under: &str) -> Option<f64> {
    Some(figures.value(over)? / figures.value(under)?)
}
