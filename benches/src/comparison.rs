//! Tables in Markdown and charts of the three transports, and the tables of all other figures.

use std::fmt::Write;

use faultline::report::chart::{self, COLOURS, Curve, Panel};

use crate::figures::BenchFigures;
use crate::number::whole;
use crate::ratios::{RatioComparison, Worse};
use crate::targets::BenchTarget;
use crate::workload::{CONCURRENCIES, SIZES};

const TRANSPORTS: [&str; 3] = ["grpc", "json", "amqp"];

/// Levels that the transports are compared on, with their titles.
const LEVELS: [(&str, &str); 2] = [
    ("hop", "One hop: from a client of the logger, or of RabbitMQ, until the entry is stored"),
    ("path", "End to end: from a client of the broker until the entry is stored"),
];

/// Tables of both levels and of the codecs.
#[must_use]
pub fn tables(figures: &BenchFigures) -> String {
    let mut text = String::new();
    for (level, title) in LEVELS {
        // Writing into a `String` never fails, here and below.
        let _ = writeln!(text, "{title}; entries a second:\n");
        text.push_str("| bytes | in flight | gRPC | JSON | AMQP |\n| ---: | ---: | ---: | ---: | ---: |\n");
        for size in SIZES {
            for concurrency in CONCURRENCIES {
                let _ = write!(text, "| {size} | {concurrency} |");
                for transport in TRANSPORTS {
                    // Empty without a figure: parts of the benches can be run alone.
                    let cell =
                        rate(figures, level, transport, size, concurrency).map_or("".to_owned(), whole);
                    let _ = write!(text, " {cell} |");
                }
                text.push('\n');
            }
        }
        text.push('\n');
    }
    text.push_str(&codecs(figures));
    text
}

fn codecs(figures: &BenchFigures) -> String {
    let mut text = "The codecs alone; nanoseconds to write and to read an entry:\n\n\
        | bytes | JSON body | protobuf | AMQP event |\n| ---: | ---: | ---: | ---: |\n"
        .to_owned();
    for size in SIZES {
        let _ = write!(text, "| {size} |");
        for codec in ["json", "protobuf", "event"] {
            let nanos = |direction| {
                figures.value(&format!("codec/{codec}/{direction}/{size}")).map(|value| value * 1e9)
            };
            let cell = match (nanos("write"), nanos("read")) {
                (Some(write), Some(read)) => format!("{} + {}", whole(write), whole(read)),
                _ => String::new(),
            };
            let _ = write!(text, " {cell} |");
        }
        text.push('\n');
    }
    text
}

/// Table of ratios beside those of the baseline.
#[must_use]
pub fn against_baseline(comparisons: &[RatioComparison]) -> String {
    let mut text =
        "| ratio | now | baseline | worse by | noise | |\n| --- | ---: | ---: | ---: | ---: | --- |\n"
            .to_owned();
    for comparison in comparisons {
        let before = comparison.before.map_or("none".to_owned(), |before| format!("{before:.2}"));
        let worse = comparison.worse_by().map_or(String::new(), |share| format!("{:+.0} %", share * 100.0));
        let verdict = match comparison.worse_by() {
            None => "new",
            Some(_) if comparison.is_regression() => "WORSE",
            Some(share) if share < -comparison.now.band => "better",
            Some(_) => "as before",
        };
        let good = if comparison.now.worse == Worse::Higher { "less" } else { "more" };
        let (name, now, band) = (&comparison.now.name, comparison.now.value, comparison.now.band * 100.0);
        let _ = writeln!(
            text,
            "| {name} ({good} is better) | {now:.2} | {before} | {worse} | {band:.0} % | {verdict} |"
        );
    }
    text
}

/// Table of the targets, and whether they are met.
#[must_use]
pub fn against_targets(targets: &[BenchTarget]) -> String {
    let mut text = "| target | measured | limit | |\n| --- | ---: | ---: | --- |\n".to_owned();
    for target in targets {
        let sign = if target.at_least { "≥" } else { "≤" };
        let met = if target.is_met() { "met" } else { "MISSED" };
        let text_of = |value: f64| if value >= 100.0 { whole(value) } else { format!("{value:.3}") };
        let (name, unit) = (target.name, target.unit);
        let (value, limit) = (text_of(target.value), text_of(target.limit));
        let _ = writeln!(text, "| {name} | {value} {unit} | {sign} {limit} {unit} | {met} |");
    }
    text
}

/// Table of every figure whose name begins with `prefix`.
#[must_use]
pub fn group(figures: &BenchFigures, prefix: &str) -> String {
    let mut text = "| | measured | from | to |\n| --- | ---: | ---: | ---: |\n".to_owned();
    let text_of = |value: f64| match value.abs() {
        size if size >= 100.0 => whole(value),
        size if size >= 1.0 || value == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.5}"),
    };
    for (name, figure) in figures.figures.iter().filter(|(name, _)| name.starts_with(prefix)) {
        let (from, to) =
            figure.interval.map_or_else(Default::default, |(from, to)| (text_of(from), text_of(to)));
        let _ = writeln!(
            text,
            "| {} | {} {} | {from} | {to} |",
            &name[prefix.len()..],
            text_of(figure.value),
            figure.unit
        );
    }
    text
}

/// Charts, one for each level: entries a second over entries in flight, a panel for each size.
#[must_use]
pub fn charts(figures: &BenchFigures) -> Vec<(String, String)> {
    let chart = |(level, title): (&str, &str)| {
        let titles: Vec<String> = SIZES.iter().map(|size| format!("{title}: {size} bytes")).collect();
        let panels: Vec<Panel<'_>> = SIZES
            .iter()
            .zip(&titles)
            .map(|(size, title)| Panel {
                title,
                across: "entries in flight",
                up: "entries a second",
                logarithmic: false,
                lines: lines(figures, level, *size),
            })
            .collect();
        (format!("{level}.svg"), chart::svg((800, 900), &panels))
    };
    LEVELS.into_iter().map(chart).collect()
}

fn lines(figures: &BenchFigures, level: &str, size: usize) -> Vec<Curve> {
    let points = |transport: &str| {
        let point =
            |concurrency| Some((concurrency as f64, rate(figures, level, transport, size, concurrency)?));
        CONCURRENCIES.into_iter().filter_map(point).collect()
    };
    let line = |(number, transport): (usize, &str)| Curve {
        name: transport.to_owned(),
        points: points(transport),
        colour: COLOURS[number],
        dots: true,
    };
    TRANSPORTS.into_iter().enumerate().map(line).collect()
}

fn rate(
    figures: &BenchFigures,
    level: &str,
    transport: &str,
    size: usize,
    concurrency: usize,
) -> Option<f64> {
    // The figure is the time of all calls divided by their number: this is the rate of all callers together.
    figures.value(&format!("{level}/{transport}/{size}/{concurrency}")).map(|seconds| 1.0 / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figure;

    #[test]
    fn what_was_measured_is_in_the_tables_and_what_was_not_is_left_empty() {
        let mut figures = BenchFigures::default();
        figures.add("hop/grpc/64/1", Figure::new(0.000_8, "s"));
        let text = tables(&figures);
        assert!(text.contains("| 64 | 1 | 1,250 |  |  |"), "{text}");
        assert_eq!(charts(&figures).len(), 2);
    }
}
