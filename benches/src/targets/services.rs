//! Targets of the services, each beside a reference of the same run: a bare server, a bare writer, or the service itself
//! without what is judged.

use super::target::{BenchTarget, at_least, at_most, quotient};
use crate::figures::BenchFigures;
use crate::side_by_side;

/// Connections of the measurements in `limits`.
const CONNECTIONS: f64 = 64.0;

pub(super) fn targets(figures: &BenchFigures) -> Vec<BenchTarget> {
    let side_by_side = side_by_side(figures);
    let limits = limits(figures);
    let overload = OVERLOADED.into_iter().map(|(name, figure)| at_least(name, figures.value(figure), 0.9));
    side_by_side.into_iter().chain(limits).chain(overload).flatten().collect()
}

fn side_by_side(figures: &BenchFigures) -> [Option<BenchTarget>; 5] {
    let value = |name: &str| figures.value(name);
    // A difference counts in either direction: a generator that finds more than wrk is as wrong as one that finds less.
    let disagreement = value(side_by_side::WRK_TO_BENCH).map(|ratio| (ratio - 1.0).abs());
    [
        // Routing, deadlines, metrics and traces may cost a seventh of what HTTP itself costs.
        at_most("ping: cpu to a bare hyper server", value(side_by_side::PING_TO_HYPER), 1.15, ""),
        at_most("ping: cpu to a Go net/http server", value(side_by_side::PING_TO_GO), 0.9, ""),
        at_most("ping: wrk and this bench differ by", disagreement, 0.2, ""),
        // Every link between broker and store has a proxy then, which shares the cores.
        at_least("log-grpc through the proxies to directly", value(side_by_side::PROXIED_TO_DIRECT), 0.6),
        at_least(
            "gRPC to the logger, which stores, to a grpc-go server that does not",
            value(side_by_side::LOGGER_TO_GO),
            0.5,
        ),
    ]
}

fn limits(figures: &BenchFigures) -> [Option<BenchTarget>; 7] {
    let ratio = |over: &str, under: &str| quotient(figures, over, under);
    // In a closed model the mean latency is the number of connections divided by the rate.
    let tail =
        |p99: &str, rate: &str| Some(figures.value(p99)? / (CONNECTIONS * 1000.0 / figures.value(rate)?));
    let (grpc, json) = ("limits/log-grpc", "limits/log-json");
    [
        // An entry passes two services and answers for itself, where the writer sends a hundred in one request.
        at_least("log-grpc to one writer in batches", ratio(grpc, "limits/writer"), 1.0 / 3.0),
        at_most("log-grpc: p99 to the mean", tail("limits/log-grpc p99", grpc), 3.0, ""),
        at_least("log-json to one writer in batches", ratio(json, "limits/writer"), 1.0 / 3.0),
        at_most("log-json: p99 to the mean", tail("limits/log-json p99", json), 3.0, ""),
        // Each entry is stored twice: by RabbitMQ and by MongoDB.
        at_least(
            "log-amqp, stored, to one writer in batches",
            ratio("limits/log-amqp stored", "limits/writer"),
            1.0 / 6.0,
        ),
        at_least(
            "log-amqp, published, to a bare publisher",
            ratio("limits/log-amqp published", "limits/bare publisher"),
            0.5,
        ),
        at_least("authenticate to bcrypt alone", ratio("limits/authenticate", "limits/bcrypt"), 0.95),
    ]
}

/// Share of the capacity that is still answered at three times the capacity.
const OVERLOADED: [(&str, &str); 4] = [
    ("log-grpc, overloaded, to its capacity", "overload/log-grpc: goodput of capacity"),
    ("log-json, overloaded, to its capacity", "overload/log-json: goodput of capacity"),
    ("log-amqp, overloaded, to its capacity", "overload/log-amqp: goodput of capacity"),
    ("authenticate, overloaded, to its capacity", "overload/authenticate: goodput of capacity"),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::figures::Figure;

    fn judged(values: &[(&str, f64)]) -> Vec<(&'static str, bool)> {
        let mut figures = BenchFigures::default();
        for (name, value) in values {
            figures.add(*name, Figure::new(*value, ""));
        }
        targets(&figures).iter().map(|target| (target.name, target.is_met())).collect()
    }

    #[test]
    fn a_target_is_judged_only_by_measured_figures() {
        let found = judged(&[("limits/log-grpc", 6_000.0), ("limits/writer", 20_000.0)]);
        assert_eq!(found, [("log-grpc to one writer in batches", false)]);
        let found = judged(&[("limits/log-grpc", 6_400.0), ("limits/log-grpc p99", 29.0)]);
        assert_eq!(found, [("log-grpc: p99 to the mean", true)]);
    }

    #[test]
    fn wrk_may_find_neither_much_more_nor_much_less() {
        for (ratio, met) in [(0.79, false), (0.81, true), (1.19, true), (1.21, false)] {
            let found = judged(&[(side_by_side::WRK_TO_BENCH, ratio)]);
            assert_eq!(found, [("ping: wrk and this bench differ by", met)], "{ratio}");
        }
    }

    proptest! {
        /// Holds since each target is a ratio: a constant of another machine would break it.
        #[test]
        fn a_faster_machine_changes_no_verdict(speed in 0.01f64..100.0, rate in 1.0f64..1e5, p99 in 0.1f64..1e3) {
            let on = |speed: f64| judged(&[
                ("limits/log-grpc", rate * speed), ("limits/log-grpc p99", p99 / speed),
                ("limits/log-json", 7_000.0 * speed), ("limits/writer", 20_000.0 * speed),
                ("limits/log-amqp stored", rate * speed),
            ]);
            prop_assert_eq!(on(1.0), on(speed));
        }
    }
}
