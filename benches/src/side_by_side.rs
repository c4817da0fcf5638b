//! Names and table of the figures that are measured in turns: our services, bare servers, and the same service by other
//! means.

use std::fmt::Write;

use crate::figures::BenchFigures;
use crate::number::whole;

/// Beginning of the names of all of these figures.
pub const PREFIX: &str = "side-by-side";

/// CPU of the broker for a ping, divided by that of a bare hyper server.
pub const PING_TO_HYPER: &str = "side-by-side/ping: cpu, broker to hyper";

/// CPU of the broker for a ping, divided by that of a Go net/http server.
pub const PING_TO_GO: &str = "side-by-side/ping: cpu, broker to net/http";

/// Rate of pings that wrk finds, divided by the rate that the bench finds.
pub const WRK_TO_BENCH: &str = "side-by-side/ping: rate, wrk to bench";

/// Rate of the logger, which stores, by gRPC, divided by that of a grpc-go server, which does not.
pub const LOGGER_TO_GO: &str = "side-by-side/gRPC: rate, logger to grpc-go";

/// Rate of `log-grpc` on a system with the proxies of `faultline up`, divided by that on a system without.
pub const PROXIED_TO_DIRECT: &str = "side-by-side/log-grpc: rate, proxied to direct";

/// Fact that names the version of Go, or says that there is none.
pub const GO: &str = "go";

/// Fact that names the version of wrk, or says that there is none.
pub const WRK: &str = "wrk";

/// Measured server.
struct TableRow {
    title: &'static str,
    /// Beginning of the names of its figures, below [`PREFIX`].
    figure: &'static str,
    /// Beginning of the names of the figures that it is compared with; its own in the first row of a group.
    ours: &'static str,
    /// Fact that says why there is no figure, if the server needs a program that may be missing.
    needs: Option<&'static str>,
}

const ROWS: [TableRow; 8] = [
    row("ping, the broker", "ping: broker", "ping: broker", None),
    row("ping, a bare hyper server", "ping: hyper", "ping: broker", None),
    row("ping, a Go net/http server", "ping: net/http", "ping: broker", Some(GO)),
    row("ping, the broker, by wrk", "ping: broker by wrk", "ping: broker", Some(WRK)),
    row("gRPC, the logger, which stores", "gRPC: logger", "gRPC: logger", None),
    row("gRPC, a grpc-go server, which does not", "gRPC: grpc-go", "gRPC: logger", Some(GO)),
    row("log-grpc through the proxies", "log-grpc: proxied", "log-grpc: proxied", None),
    row("log-grpc directly", "log-grpc: direct", "log-grpc: proxied", None),
];

const fn row(
    title: &'static str,
    figure: &'static str,
    ours: &'static str,
    needs: Option<&'static str>,
) -> TableRow {
    TableRow { title, figure, ours, needs }
}

/// Table of the servers that were measured; empty without any.
#[must_use]
pub fn table(figures: &BenchFigures) -> String {
    let value = |server: &str, figure: &str| figures.value(&format!("{PREFIX}/{server}, {figure}"));
    if ROWS.iter().all(|row| value(row.figure, "rate").is_none()) {
        return String::new();
    }
    let mut text =
        "| 64 connections | requests/s | CPU s of 1,000 requests | our rate to it | our CPU to it |\n\
        | --- | ---: | ---: | ---: | ---: |\n"
            .to_owned();
    for row in &ROWS {
        let rate = match value(row.figure, "rate") {
            Some(rate) => whole(rate),
            None => missing(figures, row).to_owned(),
        };
        let cpu = value(row.figure, "cpu").map_or(String::new(), |cpu| format!("{cpu:.4}"));
        let to_it = |figure: &str| {
            let other = value(row.figure, figure).filter(|_| row.figure != row.ours)?;
            Some(format!("{:.2}", value(row.ours, figure)? / other))
        };
        let (rates, cpus) = (to_it("rate").unwrap_or_default(), to_it("cpu").unwrap_or_default());
        let _ = writeln!(text, "| {} | {rate} | {cpu} | {rates} | {cpus} |", row.title);
    }
    text
}

/// Reason why a server has no figures.
fn missing<'a>(figures: &'a BenchFigures, row: &TableRow) -> &'a str {
    row.needs.and_then(|program| figures.facts.get(program)).map_or("not measured", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figure;

    #[test]
    fn a_server_has_its_figures_and_ratios_or_the_reason_why_not() {
        let mut figures = BenchFigures::default();
        assert_eq!(table(&figures), "");
        for (name, value) in [
            ("broker, rate", 60_000.0),
            ("broker, cpu", 0.012),
            ("hyper, rate", 80_000.0),
            ("hyper, cpu", 0.01),
        ] {
            figures.add(format!("{PREFIX}/ping: {name}"), Figure::new(value, ""));
        }
        figures.facts.insert(GO.to_owned(), "not installed".to_owned());
        let text = table(&figures);
        for line in [
            "| ping, the broker | 60,000 | 0.0120 |  |  |\n",
            "| ping, a bare hyper server | 80,000 | 0.0100 | 0.75 | 1.20 |\n",
            "| ping, a Go net/http server | not installed |  |  |  |\n",
            "| log-grpc directly | not measured |  |  |  |\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }
}
