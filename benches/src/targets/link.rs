//! Targets of the proxy of a link, beside the other proxies of the same run.

use super::target::{BenchTarget, at_least, at_most, quotient};
use crate::figures::BenchFigures;

/// Limit of a figure of ours, divided by the same figure of another proxy.
struct Limit {
    name: &'static str,
    figure: &'static str,
    reference: &'static str,
    limit: f64,
    at_least: bool,
}

const fn least(name: &'static str, figure: &'static str, reference: &'static str, limit: f64) -> Limit {
    Limit { name, figure, reference, limit, at_least: true }
}

const fn most(name: &'static str, figure: &'static str, reference: &'static str, limit: f64) -> Limit {
    Limit { name, figure, reference, limit, at_least: false }
}

const TOXIPROXY: &str = "toxiproxy";
const HAPROXY: &str = "haproxy";
const COPY: &str = "tokio copy";

const DOWNLOAD_1: &str = "download, 1 connected";
const DOWNLOAD_8: &str = "download, 8 connected";
const TRIPS_1: &str = "round trips, 1 connected";
const TRIPS_64: &str = "round trips, 64 connected";
const TRIPS_64_P99: &str = "round trips, 64 connected, p99";
const NEW: &str = "new connections";

/// Limits without a toxic.
// The kernel moves the bytes, so the proxy must beat programs that copy them, tokio's copy too.
const PLAIN: [Limit; 13] = [
    least("link: download, 1 connected, to Toxiproxy", DOWNLOAD_1, TOXIPROXY, 4.0),
    least("link: download, 1 connected, to tokio's copy", DOWNLOAD_1, COPY, 1.3),
    least("link: download, 8 connected, to Toxiproxy", DOWNLOAD_8, TOXIPROXY, 4.0),
    least("link: download, 8 connected, to tokio's copy", DOWNLOAD_8, COPY, 1.3),
    most(
        "link: cpu of a GiB, 1 connected, to Toxiproxy",
        "download, 1 connected, cpu of a GiB",
        TOXIPROXY,
        0.25,
    ),
    most(
        "link: cpu of a GiB, 8 connected, to Toxiproxy",
        "download, 8 connected, cpu of a GiB",
        TOXIPROXY,
        0.25,
    ),
    least("link: round trips, 64 connected, to Toxiproxy", TRIPS_64, TOXIPROXY, 1.5),
    least("link: round trips, 64 connected, to HAProxy", TRIPS_64, HAPROXY, 1.0),
    least("link: round trips, 64 connected, to tokio's copy", TRIPS_64, COPY, 1.0),
    most("link: p99 of round trips, 64 connected, to Toxiproxy", TRIPS_64_P99, TOXIPROXY, 0.5),
    least("link: new connections, to Toxiproxy", NEW, TOXIPROXY, 2.2),
    most("link: memory, 1,000 idle, to Toxiproxy", "memory, 1000 idle", TOXIPROXY, 0.3),
    least("link: round trips, 1 connected, to Toxiproxy", TRIPS_1, TOXIPROXY, 1.0),
];

/// Limits with a toxic in both directions that does nothing to the bytes.
// Bytes pass through our memory then, as they always do in Toxiproxy.
const IDLE_TOXIC: [Limit; 6] = [
    least("link, latency 0: download, 1 connected", DOWNLOAD_1, TOXIPROXY, 1.5),
    least("link, latency 0: download, 8 connected", DOWNLOAD_8, TOXIPROXY, 1.5),
    least("link, latency 0: round trips, 1 connected", TRIPS_1, TOXIPROXY, 1.5),
    least("link, latency 0: round trips, 64 connected", TRIPS_64, TOXIPROXY, 1.5),
    most("link, latency 0: p99 of round trips, 64 connected", TRIPS_64_P99, TOXIPROXY, 1.0 / 1.5),
    least("link, latency 0: new connections", NEW, TOXIPROXY, 1.5),
];

/// Error of a latency beyond the machine's own noise: name, connections, limit in milliseconds.
const ERRORS: [(&str, &str, f64); 2] = [
    ("link: p99 of a latency of 100 ms beyond the machine's own, 10 connected", "10 connected", 1.0),
    ("link: p99 of a latency of 100 ms beyond the machine's own, 1,000 connected", "1000 connected", 3.0),
];

/// Error of a bandwidth: name, rate in KB/s.
const BANDWIDTHS: [(&str, &str); 2] =
    [("link: error of a bandwidth of 1 MB/s", "1000"), ("link: error of a bandwidth of 50 MB/s", "50000")];

pub(super) fn targets(figures: &BenchFigures) -> Vec<BenchTarget> {
    let plain = PLAIN.iter().map(|limit| ratio(figures, limit, ""));
    let idle_toxic = IDLE_TOXIC.iter().map(|limit| ratio(figures, limit, ", latency 0"));
    let errors = ERRORS.into_iter().map(|(name, connected, limit)| {
        // An origin that delays by itself shows the machine's own noise.
        let p99 = |subject: &str| figures.value(&format!("link/{subject}: latency 100 ms, {connected}, p99"));
        at_most(name, p99("faultline").zip(p99("direct")).map(|(ours, direct)| ours - direct), limit, "ms")
    });
    let bandwidths = BANDWIDTHS.into_iter().map(|(name, rate)| {
        let share = figures.value(&format!("link/faultline: bandwidth, share of {rate} KB/s"));
        at_most(name, share.map(|share| (share - 1.0).abs()), 0.02, "")
    });
    plain.chain(idle_toxic).chain(errors).chain(bandwidths).flatten().collect()
}

fn ratio(figures: &BenchFigures, limit: &Limit, suffix: &str) -> Option<BenchTarget> {
    let figure = |subject: &str| format!("link/{subject}{suffix}: {}", limit.figure);
    let ratio = quotient(figures, &figure("faultline"), &figure(limit.reference));
    if limit.at_least {
        at_least(limit.name, ratio, limit.limit)
    } else {
        at_most(limit.name, ratio, limit.limit, "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figure;

    #[test]
    fn the_proxy_is_judged_beside_the_proxies_of_its_run() {
        let mut figures = BenchFigures::default();
        for (name, value) in [
            ("faultline: download, 1 connected", 2_000.0),
            ("toxiproxy: download, 1 connected", 400.0),
            ("faultline, latency 0: download, 1 connected", 500.0),
            ("toxiproxy, latency 0: download, 1 connected", 400.0),
            ("faultline: latency 100 ms, 10 connected, p99", 101.5),
            ("direct: latency 100 ms, 10 connected, p99", 100.25),
            ("faultline: bandwidth, share of 1000 KB/s", 0.99),
        ] {
            figures.add(format!("link/{name}"), Figure::new(value, ""));
        }
        let found: Vec<_> =
            targets(&figures).into_iter().map(|target| (target.value, target.is_met())).collect();
        assert_eq!(&found[..3], [(5.0, true), (1.25, false), (1.25, false)]);
        assert!(found[3].0 < 0.02 && found[3].1 && found.len() == 4, "{found:?}");
    }
}
