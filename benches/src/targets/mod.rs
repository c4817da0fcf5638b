//! Limits that services, generator and proxy must keep, nearly all of them ratios of two figures of the same run: a figure
//! alone shows the machine.

mod generator;
mod link;
mod services;
mod target;

pub use target::BenchTarget;

use crate::figures::BenchFigures;

/// Targets of all figures that were measured.
#[must_use]
pub fn evaluate(figures: &BenchFigures) -> Vec<BenchTarget> {
    let all = [services::targets(figures), generator::targets(figures), link::targets(figures)];
    all.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_judged_that_was_not_measured() {
        assert!(evaluate(&BenchFigures::default()).is_empty());
    }
}
