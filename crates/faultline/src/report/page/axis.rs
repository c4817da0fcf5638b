//! Where the ticks of an axis are.

/// Round numbers from 0 up to `top` at least, some five of them; the last is the end of the axis.
pub(super) fn linear(top: f64) -> Vec<f64> {
    let rough = (top.max(1.0)) / 4.0;
    let magnitude = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|by| by * magnitude).into_iter().find(|step| *step >= rough);
    // Nothing is offered in halves.
    let step = step.unwrap_or(10.0 * magnitude).max(1.0);
    let ticks = (top / step).ceil().max(1.0) as u64;
    (0..=ticks).map(|tick| tick as f64 * step).collect()
}

/// Powers of ten around these, at least two of them.
pub(super) fn logarithmic(bottom: f64, top: f64) -> Vec<f64> {
    let from = bottom.max(1e-3).log10().floor() as i32;
    let to = (top.max(1e-3).log10().ceil() as i32).max(from + 1);
    (from..=to).map(|power| 10f64.powi(power)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_value_has_its_place(values in prop::collection::vec(0.0f64..1e9, 1..20)) {
            let top = values.iter().copied().fold(0.0, f64::max);
            let ticks = linear(top);
            prop_assert!(ticks.len() >= 2 && ticks.len() <= 12, "{ticks:?}");
            prop_assert!(ticks.last().is_some_and(|last| *last >= top));
            let bottom = values.iter().copied().fold(top, f64::min);
            let ticks = logarithmic(bottom, top);
            prop_assert!(ticks.len() >= 2 && ticks[0] <= bottom.max(1e-3));
            prop_assert!(ticks[ticks.len() - 1] >= top * 0.999);
        }
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(linear(100.0), [0.0, 50.0, 100.0]);
        assert_eq!(linear(7.0), [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(linear(0.0), [0.0, 1.0]);
        assert_eq!(logarithmic(3.0, 250.0), [1.0, 10.0, 100.0, 1000.0]);
    }
}
