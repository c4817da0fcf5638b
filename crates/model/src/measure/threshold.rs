//! What must or must not be of a tally: `p99 < 50ms`, `errors > 1%`, `log-json p99 > 1s`.

use std::fmt;
use std::str::FromStr;

use super::tally::Tally;
use crate::scenario::duration::{BadSpan, Span};

/// A comparison of a measure with a limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// The path; none for all together.
    pub path: Option<String>,
    /// Measure that is compared.
    pub measure: Measure,
    /// True if the condition says that the measure is above the limit; else below.
    pub above: bool,
    /// Limit: microseconds, or a share from 0 to 1.
    pub limit: f64,
    text: String,
}

/// Measure of a tally.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// Latency of those that are ok, from when they were due, at a quantile from 0 to 1.
    Latency(f64),
    /// The longest of these latencies.
    Longest,
    /// The share that is not ok.
    Errors,
    /// The share that was sent late.
    Late,
    /// The share that was not sent.
    Dropped,
}

/// Error of reading a threshold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid threshold \"{text}\": {why}; expected a measure (p50, p90, p99, p99.9, max, errors, late, dropped), < or >, and a limit, like \"p99 > 500ms\" or \"log-json errors > 1%\""
)]
pub struct BadThreshold {
    text: String,
    why: String,
}

impl Threshold {
    /// Tells whether a tally meets the condition. One without latencies meets no condition on them.
    #[must_use]
    pub fn holds(&self, tally: &Tally) -> bool {
        let value = self.measure.read(tally);
        // A measure of nothing is neither above nor below: it meets no SLO, and aborts no load.
        value.is_some_and(|value| if self.above { value > self.limit } else { value < self.limit })
    }
}

impl Measure {
    /// Returns the measure of a tally: microseconds, or a share from 0 to 1.
    #[must_use]
    pub fn read(self, tally: &Tally) -> Option<f64> {
        let share = |share: f64| (tally.offered() > 0).then_some(share);
        match self {
            Self::Latency(quantile) => tally.from_due.quantile(quantile).map(|micros| micros as f64),
            Self::Longest => tally.from_due.max().map(|micros| micros as f64),
            Self::Errors => share(tally.error_share()),
            Self::Late => share(tally.late_share()),
            Self::Dropped => share(tally.dropped_share()),
        }
    }

    fn named(name: &str) -> Option<Self> {
        match name {
            "max" => Some(Self::Longest),
            "errors" => Some(Self::Errors),
            "late" => Some(Self::Late),
            "dropped" => Some(Self::Dropped),
            _ => {
                // Below 100, whose name is `max`. The range leaves out `NaN` too, which `parse` accepts.
                let percent: f64 = name.strip_prefix('p')?.parse().ok()?;
                (0.0..100.0).contains(&percent).then_some(Self::Latency(percent / 100.0))
            }
        }
    }

    fn limit(self, text: &str) -> Result<f64, String> {
        match self {
            Self::Latency(_) | Self::Longest => text
                .parse::<Span>()
                .map(|span| span.micros() as f64)
                .map_err(|error: BadSpan| error.to_string()),
            _ => {
                let percent = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
                let share = percent.filter(|percent| (0.0..=100.0).contains(percent)).map(|p| p / 100.0);
                share.ok_or_else(|| format!("invalid share \"{text}\": expected a percentage like \"1%\""))
            }
        }
    }
}

impl FromStr for Threshold {
    type Err = BadThreshold;

    fn from_str(text: &str) -> Result<Self, BadThreshold> {
        let bad = |why: String| BadThreshold { text: text.chars().take(60).collect(), why };
        let at = text.find(['<', '>']).ok_or_else(|| bad("it has no < or >".to_owned()))?;
        let mut words: Vec<&str> = text[..at].split_whitespace().collect();
        let name = words.pop().unwrap_or_default();
        let measure = Measure::named(name).ok_or_else(|| bad(format!("unknown measure \"{name}\"")))?;
        if words.len() > 1 {
            return Err(bad("it names more than one path".to_owned()));
        }
        Ok(Self {
            path: words.pop().map(str::to_owned),
            measure,
            above: text[at..].starts_with('>'),
            limit: measure.limit(text[at + 1..].trim()).map_err(bad)?,
            text: text.trim().to_owned(),
        })
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Outcome;
    use crate::measure::tally::OperationEnd;

    fn tally() -> Tally {
        let mut tally = Tally::fine();
        for (outcome, ended) in [(Outcome::Ok, 5_000), (Outcome::Ok, 6_000), (Outcome::Fail, 90_000)] {
            tally.count(OperationEnd { due: 0, sent: 0, ended, outcome, status: None, message: None });
        }
        tally
    }

    #[test]
    fn they_hold_or_do_not() {
        for (text, holds) in [
            ("p99 > 5ms", true),
            ("p99 < 7ms", true),
            ("p50 > 6ms", false),
            ("max>5.9ms", true),
            ("errors > 33%", true),
            ("errors < 33%", false),
            ("late > 0%", false),
            ("a dropped < 1%", true),
        ] {
            assert_eq!(text.parse::<Threshold>().unwrap().holds(&tally()), holds, "{text}");
        }
        assert!(!"p99 > 1us".parse::<Threshold>().unwrap().holds(&Tally::fine()));
    }

    #[test]
    fn what_is_none_is_refused_with_what_would_be_right() {
        for (text, why) in [
            ("p99", "it has no < or >"),
            ("p101 > 1s", "unknown measure \"p101\""),
            ("p99 > 5", "invalid duration \"5\""),
            ("errors > 5ms", "invalid share \"5ms\""),
            ("a b p99 > 1s", "more than one path"),
        ] {
            let told = text.parse::<Threshold>().unwrap_err().to_string();
            assert!(told.contains(why) && told.contains("p99 > 500ms"), "{told}");
        }
    }
}
