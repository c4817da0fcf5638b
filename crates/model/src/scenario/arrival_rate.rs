//! Arrival rates of a stage: `200/s`, `20/s..200/s`, `20/s..200/s in 5 steps`, `poisson 200/s`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::rate::{BadRate, Rate};

/// Largest number of steps of one arrival rate.
// Each arrival looks for its step from the first one on, so their number has to be bounded.
const MOST_STEPS: u32 = 1000;

/// Arrival rate over one stage, and the spacing of arrivals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ArrivalRate {
    /// The rate at the beginning.
    pub from: Rate,
    /// The rate at the end.
    pub to: Rate,
    /// Number of equal steps from one rate to the other, both included; none for a ramp.
    pub steps: Option<u32>,
    /// Spacing of arrivals.
    pub spacing: Spacing,
}

/// Spacing of arrivals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Spacing {
    /// Equal times, where the rate is constant.
    Even,
    /// Times of a Poisson process: independent arrivals, as those of many people.
    Poisson,
}

/// Error of reading an arrival rate of a stage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadArrivalRate {
    /// One of its rates is invalid.
    #[error(transparent)]
    Rate(#[from] BadRate),
    /// The steps are invalid.
    #[error(
        "invalid steps \"{0}\": expected 2 to {MOST_STEPS} between two rates, like \"20/s..200/s in 10 steps\""
    )]
    Steps(String),
}

impl ArrivalRate {
    /// Makes a constant rate with even spacing.
    #[must_use]
    pub const fn constant(rate: Rate) -> Self {
        Self { from: rate, to: rate, steps: None, spacing: Spacing::Even }
    }

    /// Tells whether the rate is constant.
    #[must_use]
    pub fn is_constant(self) -> bool {
        self.from == self.to
    }

    /// Returns the highest rate, in arrivals per second.
    #[must_use]
    pub fn highest(self) -> f64 {
        self.from.hertz().max(self.to.hertz())
    }

    /// Returns the number of arrivals expected in `lasts` seconds.
    #[must_use]
    pub fn expected(self, lasts: f64) -> f64 {
        // Steps are symmetric about the middle, as a ramp is.
        f64::midpoint(self.from.hertz(), self.to.hertz()) * lasts
    }

    /// Returns the time, in seconds, at which `count` arrivals are expected to have come in a stage of `lasts` seconds;
    /// none for more than come at all.
    #[must_use]
    pub fn reached(self, count: f64, lasts: f64) -> Option<f64> {
        match self.steps {
            _ if self.is_constant() => Some(count / self.from.hertz()),
            Some(steps) => self.reached_in_steps(count, lasts, steps),
            None => self.reached_on_ramp(count, lasts),
        }
        // The end belongs to the next stage.
        .filter(|seconds| *seconds < lasts)
    }

    /// Solves `from·t + (to - from)·t² / 2·lasts = count`.
    fn reached_on_ramp(self, count: f64, lasts: f64) -> Option<f64> {
        let (from, slope) = (self.from.hertz(), (self.to.hertz() - self.from.hertz()) / lasts);
        let under_root = from.mul_add(from, 2.0 * slope * count);
        // This form of the solution loses nothing where the slope is small.
        // On a falling ramp the number under the root is negative for a count that is never reached.
        (under_root >= 0.0).then(|| 2.0 * count / (from + under_root.sqrt()))
    }

    fn reached_in_steps(self, count: f64, lasts: f64, steps: u32) -> Option<f64> {
        let step = lasts / f64::from(steps);
        let mut before = 0.0;
        for number in 0..steps {
            // Not 0: the text of an arrival rate has two steps at least.
            let share = f64::from(number) / f64::from(steps - 1);
            let rate = (self.to.hertz() - self.from.hertz()).mul_add(share, self.from.hertz());
            if count < before + rate * step {
                return Some(f64::from(number).mul_add(step, (count - before) / rate));
            }
            before += rate * step;
        }
        None
    }
}

impl FromStr for ArrivalRate {
    type Err = BadArrivalRate;

    fn from_str(text: &str) -> Result<Self, BadArrivalRate> {
        let (spacing, rest) = match text.trim().strip_prefix("poisson ") {
            Some(rest) => (Spacing::Poisson, rest),
            None => (Spacing::Even, text.trim()),
        };
        let (rates, steps) = match rest.split_once(" in ") {
            Some((rates, steps)) => (rates, Some(steps_of(steps)?)),
            None => (rest, None),
        };
        let (from, to) = match rates.split_once("..") {
            Some((from, to)) => (from.parse()?, to.parse()?),
            None => {
                let rate = rates.parse()?;
                (rate, rate)
            }
        };
        if steps.is_some() && from == to {
            return Err(BadArrivalRate::Steps(rest.to_owned()));
        }
        Ok(Self { from, to, steps, spacing })
    }
}

fn steps_of(text: &str) -> Result<u32, BadArrivalRate> {
    let number = text.trim().strip_suffix("steps").and_then(|number| number.trim().parse().ok());
    number
        .filter(|steps| (2..=MOST_STEPS).contains(steps))
        .ok_or_else(|| BadArrivalRate::Steps(text.to_owned()))
}

impl fmt::Display for ArrivalRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.spacing == Spacing::Poisson {
            f.write_str("poisson ")?;
        }
        write!(f, "{}", self.from)?;
        if !self.is_constant() {
            write!(f, "..{}", self.to)?;
        }
        if let Some(steps) = self.steps {
            write!(f, " in {steps} steps")?;
        }
        Ok(())
    }
}

impl TryFrom<String> for ArrivalRate {
    type Error = BadArrivalRate;

    fn try_from(text: String) -> Result<Self, BadArrivalRate> {
        text.parse()
    }
}

impl From<ArrivalRate> for String {
    fn from(rate: ArrivalRate) -> Self {
        rate.to_string()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        /// Generates any arrival rate that can be written.
        pub(in super::super) fn any_arrival_rate()(
            from in 1u32..50_000,
            to in 1u32..50_000,
            steps in prop::option::of(2u32..50),
            poisson in any::<bool>(),
        ) -> ArrivalRate {
            ArrivalRate {
                from: Rate::per_second(from),
                to: Rate::per_second(to),
                steps: steps.filter(|_| from != to),
                spacing: if poisson { Spacing::Poisson } else { Spacing::Even },
            }
        }
    }

    #[test]
    fn the_forms_are_read() {
        let rate: ArrivalRate = "poisson 20/s..200/s in 5 steps".parse().unwrap();
        assert_eq!((rate.steps, rate.spacing), (Some(5), Spacing::Poisson));
        assert_eq!("90/min".parse::<ArrivalRate>().unwrap().to_string(), "90/min");
    }

    #[test]
    fn what_is_none_is_refused_with_what_would_be_right() {
        for (text, told) in [
            ("0/s", "invalid arrival rate \"0/s\""),
            ("5/s..-1/s", "invalid arrival rate \"-1/s\""),
            ("5/s..9/s in 1 steps", "invalid steps \"1 steps\": expected 2 to 1000"),
            ("5/s in 3 steps", "between two rates"),
        ] {
            let error = text.parse::<ArrivalRate>().unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(rate in any_arrival_rate()) {
            prop_assert_eq!(rate.to_string().parse(), Ok(rate));
        }

        #[test]
        fn all_that_are_expected_come_one_after_the_other(rate in any_arrival_rate(), lasts in 0.1f64..20.0) {
            let expected = rate.expected(lasts);
            let at = |share: f64| rate.reached(expected * share, lasts);
            let times: Vec<f64> = (0..100).filter_map(|part| at(f64::from(part) / 100.0)).collect();
            prop_assert_eq!(times.len(), 100);
            prop_assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(times.iter().all(|time| (0.0..lasts).contains(time)));
            prop_assert_eq!(at(1.001), None);
        }
    }
}
