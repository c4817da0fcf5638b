//! One path over time: operations by outcome and their latency, with the faults above.

use std::fmt::Write;

use faultline_model::timeline::{Counts, FaultWindow};

use super::area::{Area, Point, text_width};
use super::axis;
use super::bands::Bands;
use super::bars::{Bar, TimeSpan};
use super::drawing::{Anchor, Drawing, Group, Shape, tenth};
use super::figures::{millis, rate};
use super::panel::{Entry, Panel, SMALL, Sign, TITLE};

/// Space at the left for the words of the axes, and at the right for half of the last time.
const LEFT: f64 = 44.0;
const RIGHT: f64 = 14.0;

/// Heights of the plots, and of the times below them.
const COUNTS: f64 = 118.0;
const LATENCY: f64 = 96.0;
const TIMES: f64 = 24.0;

/// Space between a plot and the heading of the next.
const GAP: f64 = 6.0;

/// One path with what its chart shows.
#[derive(Debug, Clone, Copy)]
pub struct PathChart<'a> {
    /// Name.
    pub path: &'a str,
    /// Bars of [`super::bars::bars`].
    pub bars: &'a [Bar],
    /// Faults of the run.
    pub faults: &'a [FaultWindow],
    /// Time axis.
    pub span: TimeSpan,
    /// Width of the drawing.
    pub width: f64,
}

/// An outcome: its name, its explanation, its count.
type Outcome = (&'static str, &'static str, fn(&Counts) -> u64);

/// Outcomes, from the bottom of a bar to its top.
const OUTCOMES: [Outcome; 4] = [
    ("ok", "ok: acknowledged", |counts| counts.ok),
    ("fail", "fail: certainly no effect", |counts| counts.fail),
    ("info", "info: effect unknown", |counts| counts.info),
    ("dropped", "dropped: never sent, the limit of operations in flight was reached", |counts| {
        counts.dropped
    }),
];

/// A latency: its name, its explanation, its value in milliseconds.
type Quantile = (&'static str, &'static str, fn(&Bar) -> Option<f64>);

/// Latencies, from back to front.
const QUANTILES: [Quantile; 3] = [
    ("max", "max: longest latency", |bar| bar.max),
    ("p99", "p99: 99 of 100 took no longer", |bar| bar.p99),
    ("p50", "p50: half took no longer", |bar| bar.p50),
];

/// Draws the chart of a path.
#[must_use]
pub fn chart(path: &PathChart<'_>) -> Drawing {
    let (left, right) = (LEFT, path.width - RIGHT);
    let x = |seconds: f64| time_x(path.span, seconds, (left, right));
    let bands = Bands::new(path.faults, (left, right), |at| x(at as f64 / 1e6));
    let top = bands.height() + TITLE;
    let upper = Area::new(left, top, right - left, COUNTS);
    let lower = Area::new(left, upper.bottom + GAP + TITLE, right - left, LATENCY);
    let highest = path.bars.iter().map(|bar| bar.rate(bar.counts.offered)).fold(0.0, f64::max);
    let counts = Panel::linear(upper, axis::linear(highest));
    let latency = Panel::logarithmic(lower, latency_ticks(path.bars));
    let plot = Plot { bars: path.bars, x: &x };

    let mut shapes = counts.heading("operations per second", &outcome_entries());
    shapes.extend(latency.heading("latency, ms", &quantile_entries()));
    shapes.extend([upper, lower].into_iter().flat_map(|plot| bands.shades(plot)));
    shapes.extend(counts.grid());
    shapes.extend(latency.grid());
    shapes.extend(times(path, &x, &[upper, lower]));
    for (index, (name, ..)) in OUTCOMES.iter().enumerate() {
        shapes.extend(drawn(name, plot.outcome(index, &counts)));
    }
    shapes.extend(drawn("offered", plot.offered(&counts)));
    shapes.extend(
        QUANTILES
            .iter()
            .flat_map(|(name, _, get)| drawn(&format!("quantile {name}"), plot.quantile(*get, &latency))),
    );
    shapes.extend([upper, lower].into_iter().flat_map(|plot| bands.moments(plot)));
    shapes.extend(bands.rows(0.0));
    if path.bars.is_empty() {
        shapes.push(Shape::text("heading", upper.middle(), Anchor::Middle, SMALL, "No data yet"));
    }
    shapes.extend(plot.readings(upper.top, lower.bottom));
    Drawing { width: path.width, height: tenth(lower.bottom + TIMES), label: describe(path), shapes }
}

/// Writes the latest figures of a path in one line.
#[must_use]
pub fn summary(bars: &[Bar]) -> String {
    let Some(bar) = bars.last() else { return "no data yet".to_owned() };
    let [ok, offered] = [bar.counts.ok, bar.counts.offered].map(|count| rate(bar.rate(count)));
    let p99 = bar.p99.map_or_else(|| "\u{2013}".to_owned(), millis);
    format!("{ok}/s ok of {offered}/s offered, p99 {p99}")
}

fn time_x(span: TimeSpan, seconds: f64, (left, right): (f64, f64)) -> f64 {
    left + (seconds - span.from as f64) / (span.until - span.from).max(1) as f64 * (right - left)
}

fn latency_ticks(bars: &[Bar]) -> Vec<f64> {
    let values = || bars.iter().flat_map(|bar| [bar.p50, bar.p99, bar.max]).flatten();
    let highest = values().reduce(f64::max).unwrap_or(10.0);
    axis::logarithmic(values().reduce(f64::min).unwrap_or(1.0), highest)
}

fn outcome_entries() -> Vec<Entry> {
    let entry = |(name, title, _): &Outcome| Entry { sign: Sign::Fill, class: name, word: name, title };
    let offered = Entry {
        sign: Sign::Line,
        class: "offered",
        word: "offered",
        title: "offered: all operations that were due",
    };
    OUTCOMES.iter().map(entry).chain([offered]).collect()
}

fn quantile_entries() -> Vec<Entry> {
    let class = |name: &str| match name {
        "max" => "quantile max",
        "p99" => "quantile p99",
        _ => "quantile p50",
    };
    let entry =
        |(name, title, _): &Quantile| Entry { sign: Sign::Line, class: class(name), word: name, title };
    QUANTILES.iter().rev().map(entry).collect()
}

/// Draws the time axis: a mark on each plot, and the times below the last.
fn times(path: &PathChart<'_>, x: &dyn Fn(f64) -> f64, plots: &[Area]) -> Vec<Shape> {
    let (from, until) = (path.span.from as f64, path.span.until as f64);
    let bottom = plots.iter().map(|plot| plot.bottom).fold(0.0, f64::max);
    let step = axis::time_step(until - from, (x(until) - x(from)) / 62.0);
    let ticks = ((from / step).ceil() as u64..=(until / step).floor() as u64).map(|tick| tick as f64 * step);
    let ticks: Vec<f64> = ticks.collect();
    let mark = |tick: &f64| {
        plots.iter().map(|plot| format!("M{:.1} {:.1}v4", x(*tick), plot.bottom)).collect::<String>()
    };
    let mut shapes = vec![Shape::path("axis", ticks.iter().map(mark).collect::<String>())];
    shapes.extend(ticks.iter().map(|tick| {
        let text = axis::time(*tick, step);
        let half = text_width(&text, SMALL) / 2.0;
        let at = Point { x: x(*tick).min(path.width - half), y: bottom + 19.0 };
        Shape::text("tick", at, Anchor::Middle, SMALL, text)
    }));
    shapes
}

/// Makes a path of commands, if there are any.
fn drawn(class: &str, d: String) -> Option<Shape> {
    (!d.is_empty()).then(|| Shape::path(class, d))
}

struct Plot<'a> {
    bars: &'a [Bar],
    x: &'a dyn Fn(f64) -> f64,
}

impl Plot<'_> {
    fn edges(&self, bar: &Bar) -> (f64, f64) {
        let (from, to) = ((self.x)(bar.from as f64), (self.x)((bar.from + bar.seconds) as f64));
        // A gap tells bars apart, if they are wide enough for one.
        (from, if to - from > 4.0 { to - 0.8 } else { to })
    }

    /// Draws one outcome of all bars, on top of the outcomes before it.
    fn outcome(&self, outcome: usize, panel: &Panel) -> String {
        let mut d = String::new();
        for bar in self.bars {
            let below: u64 = OUTCOMES[..outcome].iter().map(|(_, _, get)| get(&bar.counts)).sum();
            let own = (OUTCOMES[outcome].2)(&bar.counts);
            if own == 0 {
                continue;
            }
            let (bottom, top) = (panel.y(bar.rate(below)), panel.y(bar.rate(below + own)));
            let (from, to) = self.edges(bar);
            // Writing to a text can't fail.
            let _ = write!(d, "M{from:.1} {bottom:.1}V{top:.1}H{to:.1}V{bottom:.1}Z");
        }
        d
    }

    fn offered(&self, panel: &Panel) -> String {
        let mut d = String::new();
        let mut last: Option<(u64, f64)> = None;
        for bar in self.bars {
            let y = panel.y(bar.rate(bar.counts.offered));
            let (from, to) = ((self.x)(bar.from as f64), (self.x)((bar.from + bar.seconds) as f64));
            let _ = match last {
                Some((end, before)) if end == bar.from && (before - y).abs() < 0.05 => write!(d, "H{to:.1}"),
                Some((end, _)) if end == bar.from => write!(d, "V{y:.1}H{to:.1}"),
                _ => write!(d, "M{from:.1} {y:.1}H{to:.1}"),
            };
            last = Some((bar.from + bar.seconds, y));
        }
        d
    }

    /// Draws a line through the middles of the bars; it is broken where there is no value.
    fn quantile(&self, get: fn(&Bar) -> Option<f64>, panel: &Panel) -> String {
        let mut d = String::new();
        let mut last = None;
        for bar in self.bars {
            let end = bar.from + bar.seconds;
            let Some(value) = get(bar) else { continue };
            let (x, y) = ((self.x)((bar.from + end) as f64 / 2.0), panel.y(value));
            let _ = match last == Some(bar.from) {
                true => write!(d, "L{x:.1} {y:.1}"),
                // A point without neighbours is a short dash.
                false => write!(d, "M{:.1} {y:.1}H{x:.1}", x - 2.0),
            };
            last = Some(end);
        }
        d
    }

    /// Places the figures of each bar at the pointer.
    fn readings(&self, top: f64, bottom: f64) -> Vec<Shape> {
        let reading = |bar: &Bar| {
            let (from, to) = ((self.x)(bar.from as f64), (self.x)((bar.from + bar.seconds) as f64));
            let shapes = vec![Shape::rect("reading", Area::new(from, top, to - from, bottom - top), 0.0)];
            Shape::Group(Group { title: reading(bar), shapes, ..Group::default() })
        };
        self.bars.iter().map(reading).collect()
    }
}

fn reading(bar: &Bar) -> String {
    let mut text = format!("{}: {} offered", bar.when(), bar.counts.offered);
    for (name, _, get) in OUTCOMES.iter().filter(|(_, _, get)| get(&bar.counts) > 0) {
        let _ = write!(text, ", {} {name}", get(&bar.counts));
    }
    for (name, _, get) in QUANTILES.iter().rev() {
        if let Some(value) = get(bar) {
            let _ = write!(text, ", {name} {}", millis(value));
        }
    }
    text
}

fn describe(path: &PathChart<'_>) -> String {
    let faults: Vec<&str> = path.faults.iter().map(|fault| fault.name.as_str()).collect();
    let faults = if faults.is_empty() { "none".to_owned() } else { faults.join(", ") };
    format!(
        "{} over time: operations per second by outcome, and latency. Latest: {}. Faults: {faults}.",
        path.path,
        summary(path.bars)
    )
}
