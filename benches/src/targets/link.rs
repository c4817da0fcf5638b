//! What the proxy of a link is to reach beside the others of the same run.

use super::Target;
use crate::figures::Figures;

/// Connections on which the accuracy of a latency is judged, with the error that is allowed, in milliseconds.
const ERRORS: [(&str, &str, f64); 2] = [
    ("link: p99 of a latency of 100 ms beyond the machine's own, 10 connected", "10 connected", 1.0),
    ("link: p99 of a latency of 100 ms beyond the machine's own, 1,000 connected", "1000 connected", 3.0),
];

/// A target's name, what of it is measured, beside whom, the ratio that is wanted, and whether at least that.
type Wanted = (&'static str, &'static str, &'static str, f64, bool);

const PLAIN: [Wanted; 13] = [
    ("link: download, 1 connected, to Toxiproxy", "download, 1 connected", "toxiproxy", 4.0, true),
    ("link: download, 1 connected, to tokio's copy", "download, 1 connected", "tokio copy", 1.3, true),
    ("link: download, 8 connected, to Toxiproxy", "download, 8 connected", "toxiproxy", 4.0, true),
    ("link: download, 8 connected, to tokio's copy", "download, 8 connected", "tokio copy", 1.3, true),
    (
        "link: cpu of a GiB, 1 connected, to Toxiproxy",
        "download, 1 connected, cpu of a GiB",
        "toxiproxy",
        0.25,
        false,
    ),
    (
        "link: cpu of a GiB, 8 connected, to Toxiproxy",
        "download, 8 connected, cpu of a GiB",
        "toxiproxy",
        0.25,
        false,
    ),
    ("link: round trips, 64 connected, to Toxiproxy", "round trips, 64 connected", "toxiproxy", 1.5, true),
    ("link: round trips, 64 connected, to HAProxy", "round trips, 64 connected", "haproxy", 1.0, true),
    (
        "link: round trips, 64 connected, to tokio's copy",
        "round trips, 64 connected",
        "tokio copy",
        1.0,
        true,
    ),
    (
        "link: p99 of round trips, 64 connected, to Toxiproxy",
        "round trips, 64 connected, p99",
        "toxiproxy",
        0.5,
        false,
    ),
    ("link: new connections, to Toxiproxy", "new connections", "toxiproxy", 2.2, true),
    ("link: memory, 1,000 idle, to Toxiproxy", "memory, 1000 idle", "toxiproxy", 0.3, false),
    ("link: round trips, 1 connected, to Toxiproxy", "round trips, 1 connected", "toxiproxy", 1.0, true),
];

/// With a toxic on both sides that does nothing to the bytes.
const IDLE_TOXIC: [Wanted; 6] = [
    ("link, latency 0: download, 1 connected", "download, 1 connected", "toxiproxy", 1.5, true),
    ("link, latency 0: download, 8 connected", "download, 8 connected", "toxiproxy", 1.5, true),
    ("link, latency 0: round trips, 1 connected", "round trips, 1 connected", "toxiproxy", 1.5, true),
    ("link, latency 0: round trips, 64 connected", "round trips, 64 connected", "toxiproxy", 1.5, true),
    (
        "link, latency 0: p99 of round trips, 64 connected",
        "round trips, 64 connected, p99",
        "toxiproxy",
        1.0 / 1.5,
        false,
    ),
    ("link, latency 0: new connections", "new connections", "toxiproxy", 1.5, true),
];

/// All that the figures allow to judge.
pub(super) fn of(figures: &Figures) -> Vec<Target> {
    let ratios = |table: &'static [Wanted], suffix: &'static str| {
        table.iter().filter_map(move |wanted| ratio(figures, *wanted, suffix))
    };
    let mut targets: Vec<Target> = ratios(&PLAIN, "").chain(ratios(&IDLE_TOXIC, ", latency 0")).collect();
    targets.extend(ERRORS.into_iter().filter_map(|wanted| error(figures, wanted)));
    for (name, rate) in
        [("link: error of a bandwidth of 1 MB/s", "1000"), ("link: error of a bandwidth of 50 MB/s", "50000")]
    {
        let share = figures.value(&format!("link/faultline: bandwidth, share of {rate} KB/s"));
        targets.extend(share.map(|share| most(name, (share - 1.0).abs(), 0.02, "")));
    }
    targets
}

fn ratio(figures: &Figures, wanted: Wanted, suffix: &str) -> Option<Target> {
    let (name, what, beside, wanted, at_least) = wanted;
    let of = |subject: &str| figures.value(&format!("link/{subject}{suffix}: {what}"));
    Some(Target { name, value: of("faultline")? / of(beside)?, wanted, at_least, unit: "" })
}

/// The machine's own noise is what an origin that delays by itself shows.
fn error(figures: &Figures, (name, connected, allowed): (&'static str, &str, f64)) -> Option<Target> {
    let p99 = |subject: &str| figures.value(&format!("link/{subject}: latency 100 ms, {connected}, p99"));
    Some(most(name, p99("faultline")? - p99("direct")?, allowed, "ms"))
}

fn most(name: &'static str, value: f64, wanted: f64, unit: &'static str) -> Target {
    Target { name, value, wanted, at_least: false, unit }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figure;

    #[test]
    fn the_proxy_is_judged_beside_what_was_there() {
        let mut figures = Figures::default();
        for (name, value) in [
            ("faultline: download, 1 connected", 2_000.0),
            ("toxiproxy: download, 1 connected", 400.0),
            ("faultline, latency 0: download, 1 connected", 500.0),
            ("toxiproxy, latency 0: download, 1 connected", 400.0),
            ("faultline: latency 100 ms, 10 connected, p99", 101.5),
            ("direct: latency 100 ms, 10 connected, p99", 100.25),
            ("faultline: bandwidth, share of 1000 KB/s", 0.99),
        ] {
            figures.add(format!("link/{name}"), Figure::of(value, ""));
        }
        let told: Vec<_> = of(&figures).into_iter().map(|target| (target.value, target.is_met())).collect();
        assert_eq!(&told[..3], [(5.0, true), (1.25, false), (1.25, false)]);
        assert!(told[3].0 < 0.02 && told[3].1 && told.len() == 4, "{told:?}");
    }
}
