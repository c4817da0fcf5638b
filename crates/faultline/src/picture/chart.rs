//! One path over time: operations by outcome and their latency, with the faults above.

use faultline_model::timeline::FaultWindow;

use super::area::{Point, Rectangle, text_width};
use super::axis;
use super::bands::Bands;
use super::bars::{Bar, TimeSpan};
use super::drawing::{Drawing, Shape, tenth};
use super::figures::{millis, rate};
use super::lettering::Anchor;
use super::panel::{ChartPanel, LegendEntry, SMALL, Sign, TITLE};
use super::plot::{OUTCOMES, OutcomeSeries, Plot, QUANTILES, QuantileSeries, drawn};

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

/// Draws the chart of a path.
#[must_use]
pub fn chart(path: &PathChart<'_>) -> Drawing {
    let (left, right) = (LEFT, path.width - RIGHT);
    let x = |seconds: f64| time_x(path.span, seconds, (left, right));
    // The second after the known ones goes on.
    let now = x((path.span.known + 1).min(path.span.until) as f64);
    let bands = Bands::new(path.faults, (left, right), now, |at| x(at as f64 / 1e6));
    let top = bands.height() + TITLE;
    let upper = Rectangle::new(left, top, right - left, COUNTS);
    let lower = Rectangle::new(left, upper.bottom + GAP + TITLE, right - left, LATENCY);
    let highest = path.bars.iter().map(|bar| bar.rate(bar.counts.offered)).fold(0.0, f64::max);
    let counts = ChartPanel::linear(upper, axis::linear(highest));
    let latency = ChartPanel::logarithmic(lower, latency_ticks(path.bars));
    let plot = Plot { bars: path.bars, x: &x };

    let mut shapes = counts.heading("operations per second", &outcome_entries());
    shapes.extend(latency.heading("latency, ms", &quantile_entries()));
    // Behind grid and bars, which must keep their colours.
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
    // Last and so above everything else: the pointer must meet them.
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

fn outcome_entries() -> Vec<LegendEntry> {
    let entry =
        |(name, title, _): &OutcomeSeries| LegendEntry { sign: Sign::Fill, class: name, word: name, title };
    let offered = LegendEntry {
        sign: Sign::Line,
        class: "offered",
        word: "offered",
        title: "offered: all operations that were due",
    };
    OUTCOMES.iter().map(entry).chain([offered]).collect()
}

fn quantile_entries() -> Vec<LegendEntry> {
    let class = |name: &str| match name {
        "max" => "quantile max",
        "p99" => "quantile p99",
        _ => "quantile p50",
    };
    let entry = |(name, title, _): &QuantileSeries| LegendEntry {
        sign: Sign::Line,
        class: class(name),
        word: name,
        title,
    };
    // The reverse of the order of drawing, in which the wide line of max must lie below the others.
    QUANTILES.iter().rev().map(entry).collect()
}

/// Draws the time axis: a mark on each plot, and the times below the last.
fn times(path: &PathChart<'_>, x: &dyn Fn(f64) -> f64, plots: &[Rectangle]) -> Vec<Shape> {
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

fn describe(path: &PathChart<'_>) -> String {
    let faults: Vec<&str> = path.faults.iter().map(|fault| fault.name.as_str()).collect();
    let faults = if faults.is_empty() { "none".to_owned() } else { faults.join(", ") };
    format!(
        "{} over time: operations per second by outcome, and latency. Latest: {}. Faults: {faults}.",
        path.path,
        summary(path.bars)
    )
}
