//! Table of the proxy of a link beside others, in Markdown.

use std::fmt::Write;

use crate::figures::BenchFigures;
use crate::number::whole;

/// Title of each row, the end of its figure's name, and its decimals.
const ROWS: [(&str, &str, usize); 15] = [
    ("download, 1 connection, MiB/s", "download, 1 connected", 0),
    ("download, 8 connections, MiB/s", "download, 8 connected", 0),
    ("CPU of a GiB, 1 connection, s", "download, 1 connected, cpu of a GiB", 2),
    ("round trips/s, 1 connection", "round trips, 1 connected", 0),
    ("round trips/s, 64 connections", "round trips, 64 connected", 0),
    ("p99 of those, µs", "round trips, 64 connected, p99", 0),
    ("CPU of one of those, µs", "round trips, 64 connected, cpu of one", 1),
    ("new connections/s", "new connections", 0),
    ("memory with 1,000 idle connections, MiB", "memory, 1000 idle", 1),
    ("p99 of 100 ms, 10 connections, ms", "latency 100 ms, 10 connected, p99", 1),
    ("p99 of 100 ms, 1,000 connections, ms", "latency 100 ms, 1000 connected, p99", 1),
    ("slowest of 100 ms, 1,000 connections, ms", "latency 100 ms, 1000 connected, max", 1),
    ("slowest first answer of 1,000 clients at once, ms", "first answer of 1000 clients at once, max", 0),
    ("mean of 50±20 ms, 1,000 connections, ms", "latency 50±20 ms, 1000 connected, mean", 1),
    ("share of a bandwidth of 50 MB/s", "bandwidth, share of 50000 KB/s", 3),
];

/// Columns: the proxies that are measured.
const SUBJECTS: [&str; 7] = [
    "direct",
    "tokio copy",
    "haproxy",
    "toxiproxy",
    "faultline",
    "toxiproxy, latency 0",
    "faultline, latency 0",
];

/// Table of the proxies that were measured; empty without any.
#[must_use]
pub fn table(figures: &BenchFigures) -> String {
    let value = |subject: &str, figure: &str| figures.value(&format!("link/{subject}: {figure}"));
    let was_measured = |subject: &&str| ROWS.iter().any(|(_, figure, _)| value(subject, figure).is_some());
    let subjects: Vec<&str> = SUBJECTS.into_iter().filter(was_measured).collect();
    // A table without columns would read as a result.
    if subjects.is_empty() {
        return String::new();
    }
    let mut text = format!("| | {} |\n| --- |{}\n", subjects.join(" | "), " ---: |".repeat(subjects.len()));
    for (title, figure, decimals) in ROWS {
        let _ = write!(text, "| {title} |");
        for subject in &subjects {
            let cell = value(subject, figure).map_or(String::new(), |value| match decimals {
                0 => whole(value),
                _ => format!("{value:.decimals$}"),
            });
            let _ = write!(text, " {cell} |");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figure;

    #[test]
    fn only_those_that_were_measured_have_a_column() {
        let mut figures = BenchFigures::default();
        assert_eq!(table(&figures), "");
        figures.add("link/direct: new connections", Figure::new(12_345.0, "/s"));
        figures.add("link/faultline: download, 1 connected, cpu of a GiB", Figure::new(0.257, "s"));
        let text = table(&figures);
        assert!(text.starts_with("| | direct | faultline |\n| --- | ---: | ---: |\n"), "{text}");
        assert!(text.contains("| new connections/s | 12,345 |  |\n"), "{text}");
        assert!(text.contains("| CPU of a GiB, 1 connection, s |  | 0.26 |\n"), "{text}");
    }
}
