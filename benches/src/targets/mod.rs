//! What the services and the generator are to reach, and whether they do. A target is a ratio to something that was
//! measured in the same run where there is such a thing; where there is not, it is set by what the only other
//! implementation of this system reaches on the same kind of machine.

mod link;

use crate::figures::Figures;

/// Something to reach.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// What.
    pub name: &'static str,
    /// What was measured.
    pub value: f64,
    /// What is wanted.
    pub wanted: f64,
    /// Whether at least that is wanted, or at most.
    pub at_least: bool,
    /// Of what both are.
    pub unit: &'static str,
}

impl Target {
    /// Whether it is reached.
    #[must_use]
    pub fn is_met(&self) -> bool {
        if self.at_least { self.value >= self.wanted } else { self.value <= self.wanted }
    }
}

/// What the other implementation stores by gRPC at 64 connections, in a second.
const PEER_GRPC: f64 = 480.0;

/// The p99 of that, in milliseconds.
const PEER_GRPC_P99: f64 = 495.0;

/// What it publishes at 64 connections, in a second; it does not know what is stored.
const PEER_AMQP: f64 = 300.0;

/// The pings that it answers at 64 connections for each second of the machine's two cores, client and server together.
const PEER_PINGS: f64 = 10_700.0 / 2.0;

/// All targets that the figures allow to judge.
#[must_use]
pub fn of(figures: &Figures) -> Vec<Target> {
    let value = |name: &str| figures.value(name);
    let ratio = |over: &str, under: &str| Some(value(over)? / value(under)?);
    let least = |name, value: Option<f64>, wanted, unit| {
        value.map(|value| Target { name, value, wanted, at_least: true, unit })
    };
    let most = |name, value: Option<f64>, wanted, unit| {
        value.map(|value| Target { name, value, wanted, at_least: false, unit })
    };
    let cores = figures.facts.get("cores").and_then(|cores| cores.parse::<f64>().ok());
    let pings = || Some(value("limits/ping")? / cores?);
    let targets = [
        least("ping, for each second of a core", pings(), 3.0 * PEER_PINGS, "/s"),
        least("log-grpc", value("limits/log-grpc"), 10.0 * PEER_GRPC, "/s"),
        most("log-grpc, p99", value("limits/log-grpc p99"), PEER_GRPC_P99 / 10.0, "ms"),
        least("log-grpc to one writer in batches", ratio("limits/log-grpc", "limits/writer"), 1.0 / 3.0, ""),
        least("log-json", value("limits/log-json"), 10.0 * PEER_GRPC, "/s"),
        most("log-json, p99", value("limits/log-json p99"), PEER_GRPC_P99 / 10.0, "ms"),
        least("log-json to one writer in batches", ratio("limits/log-json", "limits/writer"), 1.0 / 3.0, ""),
        least("log-amqp, stored", value("limits/log-amqp stored"), 15.0 * PEER_AMQP, "/s"),
        least(
            "log-amqp, published, to a bare publisher",
            ratio("limits/log-amqp published", "limits/bare publisher"),
            0.5,
            "",
        ),
        least("authenticate to bcrypt alone", ratio("limits/authenticate", "limits/bcrypt"), 0.95, ""),
        least(
            "log-grpc, overloaded, to its capacity",
            value("overload/log-grpc: goodput of capacity"),
            0.9,
            "",
        ),
        least(
            "log-json, overloaded, to its capacity",
            value("overload/log-json: goodput of capacity"),
            0.9,
            "",
        ),
        least(
            "log-amqp, overloaded, to its capacity",
            value("overload/log-amqp: goodput of capacity"),
            0.9,
            "",
        ),
        least(
            "authenticate, overloaded, to its capacity",
            value("overload/authenticate: goodput of capacity"),
            0.9,
            "",
        ),
        most("generator at 10,000/s: late", value("self-check/10000: late"), 0.001, ""),
        most("generator at 10,000/s: median", value("self-check/10000: p50"), 0.7, "ms"),
        most("generator at 20,000/s: late", value("self-check/20000: late"), 0.01, ""),
        most("generator at 20,000/s: cpu of a request", value("self-check/20000: cpu"), 45.0, "µs"),
    ];
    targets.into_iter().flatten().chain(link::of(figures)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figure;

    #[test]
    fn a_target_is_judged_only_by_what_was_measured() {
        assert!(of(&Figures::default()).is_empty());
        let mut figures = Figures::default();
        figures.add("limits/log-grpc", Figure::of(6_000.0, "/s"));
        figures.add("limits/writer", Figure::of(20_000.0, "/s"));
        let told: Vec<_> = of(&figures).iter().map(|target| (target.name, target.is_met())).collect();
        assert_eq!(told, [("log-grpc", true), ("log-grpc to one writer in batches", false)]);
    }
}
