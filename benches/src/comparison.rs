//! The three ways side by side, as tables in Markdown and as charts.

use std::fmt::Write;

use faultline::report::chart::{self, COLOURS, Line, Panel};

use crate::figures::Figures;
use crate::ratios::{Compared, Worse};
use crate::targets::Target;
use crate::{CONCURRENCIES, SIZES};

const WAYS: [&str; 3] = ["grpc", "json", "amqp"];

/// The levels that the ways are compared on, with what each is.
const LEVELS: [(&str, &str); 2] = [
    ("hop", "One hop: from a client of the logger, or of RabbitMQ, until the entry is stored"),
    ("path", "End to end: from a client of the broker until the entry is stored"),
];

/// The tables of both levels and of the codecs.
#[must_use]
pub fn tables(figures: &Figures) -> String {
    let mut text = String::new();
    for (level, title) in LEVELS {
        let _ = writeln!(text, "{title}; entries a second:\n");
        text.push_str("| bytes | in flight | gRPC | JSON | AMQP |\n| ---: | ---: | ---: | ---: | ---: |\n");
        for size in SIZES {
            for concurrency in CONCURRENCIES {
                let _ = write!(text, "| {size} | {concurrency} |");
                for way in WAYS {
                    let cell = rate(figures, level, way, size, concurrency).map_or("".to_owned(), whole);
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

fn codecs(figures: &Figures) -> String {
    let mut text = "The codecs alone; nanoseconds to write and to read an entry:\n\n\
        | bytes | JSON body | protobuf | AMQP event |\n| ---: | ---: | ---: | ---: |\n"
        .to_owned();
    for size in SIZES {
        let _ = write!(text, "| {size} |");
        for codec in ["json", "protobuf", "event"] {
            let nanos =
                |what| figures.value(&format!("codec/{codec}/{what}/{size}")).map(|value| value * 1e9);
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

/// The ratios beside the baseline's.
#[must_use]
pub fn against_baseline(compared: &[Compared]) -> String {
    let mut text =
        "| ratio | now | baseline | worse by | noise | |\n| --- | ---: | ---: | ---: | ---: | --- |\n"
            .to_owned();
    for all in compared {
        let before = all.before.map_or("none".to_owned(), |before| format!("{before:.2}"));
        let worse = all.worse_by().map_or(String::new(), |share| format!("{:+.0} %", share * 100.0));
        let verdict = match all.worse_by() {
            None => "new",
            Some(_) if all.is_regression() => "WORSE",
            Some(share) if share < -all.now.band => "better",
            Some(_) => "as before",
        };
        let good = if all.now.worse == Worse::Higher { "less" } else { "more" };
        let (name, now, band) = (&all.now.name, all.now.value, all.now.band * 100.0);
        let _ = writeln!(
            text,
            "| {name} ({good} is better) | {now:.2} | {before} | {worse} | {band:.0} % | {verdict} |"
        );
    }
    text
}

/// The targets, and whether they are met.
#[must_use]
pub fn against_targets(targets: &[Target]) -> String {
    let mut text = "| target | measured | wanted | |\n| --- | ---: | ---: | --- |\n".to_owned();
    for target in targets {
        let sign = if target.at_least { "≥" } else { "≤" };
        let met = if target.is_met() { "met" } else { "MISSED" };
        let shown = |value: f64| if value >= 100.0 { whole(value) } else { format!("{value:.3}") };
        let (name, unit) = (target.name, target.unit);
        let (value, wanted) = (shown(target.value), shown(target.wanted));
        let _ = writeln!(text, "| {name} | {value} {unit} | {sign} {wanted} {unit} | {met} |");
    }
    text
}

/// Every other figure of a group, as a table.
#[must_use]
pub fn group(figures: &Figures, prefix: &str) -> String {
    let mut text = "| | measured | from | to |\n| --- | ---: | ---: | ---: |\n".to_owned();
    let shown = |value: f64| match value.abs() {
        size if size >= 100.0 => whole(value),
        size if size >= 1.0 || value == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.5}"),
    };
    for (name, figure) in figures.figures.iter().filter(|(name, _)| name.starts_with(prefix)) {
        let (from, to) = figure.interval.map_or_else(Default::default, |(from, to)| (shown(from), shown(to)));
        let _ = writeln!(
            text,
            "| {} | {} {} | {from} | {to} |",
            &name[prefix.len()..],
            shown(figure.value),
            figure.unit
        );
    }
    text
}

/// A chart for each level: entries a second against how many are in flight, a panel for each size.
#[must_use]
pub fn charts(figures: &Figures) -> Vec<(String, String)> {
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

fn lines(figures: &Figures, level: &str, size: usize) -> Vec<Line> {
    let points = |way: &str| {
        let point = |concurrency| Some((concurrency as f64, rate(figures, level, way, size, concurrency)?));
        CONCURRENCIES.into_iter().filter_map(point).collect()
    };
    let line = |(number, way): (usize, &str)| Line {
        name: way.to_owned(),
        points: points(way),
        colour: COLOURS[number],
        dots: true,
    };
    WAYS.into_iter().enumerate().map(line).collect()
}

fn rate(figures: &Figures, level: &str, way: &str, size: usize, concurrency: usize) -> Option<f64> {
    figures.value(&format!("{level}/{way}/{size}/{concurrency}")).map(|seconds| 1.0 / seconds)
}

/// Without a fraction, thousands set apart.
pub(crate) fn whole(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figure;

    #[test]
    fn what_was_measured_is_in_the_tables_and_what_was_not_is_left_empty() {
        let mut figures = Figures::default();
        figures.add("hop/grpc/64/1", Figure::of(0.000_8, "s"));
        let text = tables(&figures);
        assert!(text.contains("| 64 | 1 | 1,250 |  |  |"), "{text}");
        assert_eq!(charts(&figures).len(), 2);
    }

    #[test]
    fn thousands_are_set_apart() {
        let told = [0.0, 999.0, 1000.0, 1_234_567.0, -1000.0, -100.0].map(whole);
        assert_eq!(told, ["0", "999", "1,000", "1,234,567", "-1,000", "-100"]);
    }
}
