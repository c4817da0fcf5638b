//! Ticks of an axis.

/// Returns round numbers from 0 up to `top` at least, some five of them; the last is the end of the axis.
pub(super) fn linear(top: f64) -> Vec<f64> {
    let rough = top.max(1.0) / 4.0;
    let magnitude = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|by| by * magnitude).into_iter().find(|step| *step >= rough);
    // Nothing is offered in halves.
    let step = step.unwrap_or(10.0 * magnitude).max(1.0);
    let ticks = (top / step).ceil().max(1.0) as u64;
    (0..=ticks).map(|tick| tick as f64 * step).collect()
}

/// Returns 1, 2 and 5 times powers of ten around these values, or only powers of ten where those would be many. The first
/// and the last are the ends of the axis.
pub(super) fn logarithmic(bottom: f64, top: f64) -> Vec<f64> {
    // Zero has no logarithm.
    let bottom = bottom.max(1e-3);
    let top = top.max(bottom);
    let from = bottom.log10().floor() as i32;
    let to = top.log10().ceil() as i32 + 1;
    let all: Vec<f64> = (from..=to).flat_map(|power| [1.0, 2.0, 5.0].map(|by| scaled(by, power))).collect();
    // With a tolerance: a value on a tick may differ from it in the last bit, and needs no further tick.
    let first = all.iter().rposition(|tick| *tick <= bottom * 1.000_001).unwrap_or(0);
    let last = all.iter().position(|tick| *tick >= top * 0.999_999).unwrap_or(all.len() - 1);
    let ticks = &all[first..=last.max(first + 1)];
    if ticks.len() <= 6 {
        return ticks.to_vec();
    }
    (from..=to - 1).map(|power| scaled(1.0, power)).collect()
}

fn scaled(by: f64, power: i32) -> f64 {
    // A division keeps 0.1 what it is; a product with 10^-1 would not.
    if power < 0 { by / 10f64.powi(-power) } else { by * 10f64.powi(power) }
}

/// Returns a round number of seconds from one tick to the next, so that a span has at most `most` of them.
pub(super) fn time_step(seconds: f64, most: f64) -> f64 {
    let steps = [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0];
    let wanted = seconds / most.max(1.0);
    steps.into_iter().find(|step| *step >= wanted).unwrap_or_else(|| (wanted / 3_600.0).ceil() * 3_600.0)
}

/// Writes the time of a tick: seconds, minutes or hours, as the step is.
pub(super) fn time(seconds: f64, step: f64) -> String {
    match step {
        step if step >= 3_600.0 => format!("{} h", seconds / 3_600.0),
        step if step >= 60.0 => format!("{} min", seconds / 60.0),
        _ => format!("{seconds} s"),
    }
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
            prop_assert!((2..=16).contains(&ticks.len()), "{ticks:?}");
            prop_assert!(ticks[0] <= bottom.max(1e-3) * 1.001);
            prop_assert!(ticks[ticks.len() - 1] >= top * 0.999);
        }

        #[test]
        fn a_time_axis_has_few_ticks(seconds in 1.0f64..1e6) {
            prop_assert!(seconds / time_step(seconds, 8.0) <= 8.0);
        }
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(linear(100.0), [0.0, 50.0, 100.0]);
        assert_eq!(linear(7.0), [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(linear(0.0), [0.0, 1.0]);
        assert_eq!(logarithmic(3.0, 25.0), [2.0, 5.0, 10.0, 20.0, 50.0]);
        assert_eq!(logarithmic(0.3, 2500.0), [0.1, 1.0, 10.0, 100.0, 1000.0, 10_000.0]);
        assert_eq!(logarithmic(5.0, 5.0), [5.0, 10.0]);
        assert_eq!((time_step(60.0, 7.0), time_step(20.0, 7.0)), (10.0, 5.0));
        assert_eq!((time(90.0, 30.0), time(120.0, 60.0)), ("90 s".to_owned(), "2 min".to_owned()));
    }
}
