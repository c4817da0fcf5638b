//! Ratios of figures of one run. A ratio of two figures that were measured side by side is the same on a fast machine and
//! on a slow one, so ratios are compared with a baseline, not figures.

use crate::figures::BenchFigures;
use crate::side_by_side;
use crate::workload::{CONCURRENCIES, SIZES};

/// Noise band of ratios of pure computations, as a share of the baseline's.
// Nothing but the compiler and the clock of the CPU moves these.
const QUIET: f64 = 0.25;

/// Noise band of ratios that sockets, disks and schedulers have a part in.
// Everything else on the machine has a part in these.
const NOISY: f64 = 0.5;

/// Ratio of two figures of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Ratio {
    /// Name, both figures in it.
    pub name: String,
    /// First figure divided by the second.
    pub value: f64,
    /// Direction in which it gets worse.
    pub worse: Worse,
    /// Noise band: the share of the baseline's by which it may be worse.
    pub band: f64,
}

/// Direction in which a ratio gets worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worse {
    /// Upwards, as a time.
    Higher,
    /// Downwards, as a rate.
    Lower,
}

/// Ratio beside that of the baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct RatioComparison {
    /// Ratio of this run.
    pub now: Ratio,
    /// Ratio of the baseline; none where it has none.
    pub before: Option<f64>,
}

impl RatioComparison {
    /// Share of the baseline's by which it is worse; negative if it is better.
    #[must_use]
    pub fn worse_by(&self) -> Option<f64> {
        let before = self.before?;
        Some(match self.now.worse {
            Worse::Higher => self.now.value / before - 1.0,
            Worse::Lower => before / self.now.value - 1.0,
        })
    }

    /// Reports whether it is worse than noise explains.
    #[must_use]
    pub fn is_regression(&self) -> bool {
        self.worse_by().is_some_and(|share| share > self.now.band)
    }
}

/// Ratios of all pairs of figures that were measured.
#[must_use]
pub fn derive(figures: &BenchFigures) -> Vec<Ratio> {
    let mut ratios = Vec::new();
    let mut add = |name: &str, value: Option<f64>, worse, band| {
        ratios.extend(value.map(|value| Ratio { name: name.to_owned(), value, worse, band }));
    };
    // One mean over all sizes and concurrencies: single cells are noisy, and a real loss shows in all of them.
    for level in ["hop", "path"] {
        for transport in ["json", "amqp"] {
            let share = |size, concurrency| {
                let time = |name: &str| figures.value(&format!("{level}/{name}/{size}/{concurrency}"));
                Some(time(transport)? / time("grpc")?)
            };
            let value = geometric_mean(cells().map(|(size, concurrency)| share(size, concurrency)));
            add(&format!("{level}: time of {transport} to grpc"), value, Worse::Higher, NOISY);
        }
    }
    let through = |size, concurrency| {
        let time = |level: &str| figures.value(&format!("{level}/grpc/{size}/{concurrency}"));
        Some(time("path")? / time("hop")?)
    };
    let value = geometric_mean(cells().map(|(size, concurrency)| through(size, concurrency)));
    add("grpc: time through the broker to the hop alone", value, Worse::Higher, NOISY);
    for (name, over, under, band) in [
        ("codec: json to protobuf, write 1 KiB", "codec/json/write/1024", "codec/protobuf/write/1024", QUIET),
        ("codec: json to protobuf, read 1 KiB", "codec/json/read/1024", "codec/protobuf/read/1024", QUIET),
        ("codec: event to json, read 1 KiB", "codec/event/read/1024", "codec/json/read/1024", QUIET),
        ("password: cost 12 to 10", "password/bcrypt/12", "password/bcrypt/10", QUIET),
        (
            "proxy: time of a round trip to direct",
            "proxy/round-trip/proxied",
            "proxy/round-trip/direct",
            NOISY,
        ),
        ("proxy: time of a download to direct", "proxy/download/proxied", "proxy/download/direct", NOISY),
    ] {
        add(name, quotient(figures, over, under), Worse::Higher, band);
    }
    for (name, over, under) in [
        ("log-grpc to one writer in batches", "limits/log-grpc", "limits/writer"),
        ("log-json to one writer in batches", "limits/log-json", "limits/writer"),
        ("log-amqp stored to one writer in batches", "limits/log-amqp stored", "limits/writer"),
        ("log-amqp published to a bare publisher", "limits/log-amqp published", "limits/bare publisher"),
        ("authenticate to bcrypt alone", "limits/authenticate", "limits/bcrypt"),
    ] {
        add(name, quotient(figures, over, under), Worse::Lower, NOISY);
    }
    for (name, figure, worse) in [
        ("ping: cpu of the broker to a bare hyper server", side_by_side::PING_TO_HYPER, Worse::Higher),
        ("log-grpc: rate through the proxies to directly", side_by_side::PROXIED_TO_DIRECT, Worse::Lower),
    ] {
        add(name, figures.value(figure), worse, NOISY);
    }
    ratios
}

/// Ratios of `now`, each beside that of `before`.
#[must_use]
pub fn compare(now: &BenchFigures, before: &BenchFigures) -> Vec<RatioComparison> {
    let known = derive(before);
    let comparison = |now: Ratio| {
        let before = known.iter().find(|ratio| ratio.name == now.name).map(|ratio| ratio.value);
        RatioComparison { now, before }
    };
    derive(now).into_iter().map(comparison).collect()
}

/// Bytes and entries in flight of each cell of a transport's table.
fn cells() -> impl Iterator<Item = (usize, usize)> {
    SIZES.into_iter().flat_map(|size| CONCURRENCIES.into_iter().map(move |concurrency| (size, concurrency)))
}

fn quotient(figures: &BenchFigures, over: &str, under: &str) -> Option<f64> {
    Some(figures.value(over)? / figures.value(under)?)
}

/// Geometric mean, the only one that does not depend on which figure of a ratio is on top; none if a ratio is missing.
fn geometric_mean(ratios: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let logarithms = ratios.map(|ratio| Some(ratio?.ln())).collect::<Option<Vec<f64>>>()?;
    (!logarithms.is_empty()).then(|| (logarithms.iter().sum::<f64>() / logarithms.len() as f64).exp())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::figures::Figure;

    fn figures(writer: f64, grpc: f64) -> BenchFigures {
        let mut figures = BenchFigures::default();
        figures.add("limits/writer", Figure::new(writer, "/s"));
        figures.add("limits/log-grpc", Figure::new(grpc, "/s"));
        figures
    }

    #[test]
    fn a_ratio_is_a_regression_only_beyond_the_band_and_only_if_worse() {
        let before = figures(100.0, 60.0);
        let worse = |grpc| compare(&figures(100.0, grpc), &before)[0].is_regression();
        assert!(!worse(60.0) && !worse(41.0) && worse(39.0) && !worse(500.0));
        let new = compare(&before, &BenchFigures::default());
        assert!(new[0].before.is_none() && !new[0].is_regression());
    }

    #[test]
    fn a_table_with_a_hole_gives_no_geometric_mean() {
        assert_eq!(geometric_mean([Some(2.0), None].into_iter()), None);
        assert!((geometric_mean([Some(2.0), Some(8.0)].into_iter()).unwrap() - 4.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn a_machine_that_is_so_much_faster_at_everything_changes_no_ratio(speed in 0.01f64..100.0, grpc in 1.0f64..1e5) {
            let (slow, fast) = (figures(1e4, grpc), figures(1e4 * speed, grpc * speed));
            let change = compare(&fast, &slow)[0].worse_by().unwrap();
            prop_assert!(change.abs() < 1e-6);
        }
    }
}
