//! One path over time: what became of the operations that were due in each second, and how long they took, with the
//! faults as bands. What it shows stands in a table below it too.

use std::fmt::Write;

use maud::{Markup, PreEscaped, html};

use super::super::model::Report;
use super::axis;
use super::format::number;
use super::slices::{Slice, Span};
use crate::measure::Tally;

/// The picture, in units of its own.
const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 330.0;
/// Left and right of the panels.
const LEFT: f64 = 56.0;
const RIGHT: f64 = 846.0;
/// Top and bottom of the counts, and of the latencies.
const COUNTS: (f64, f64) = (44.0, 164.0);
const LATENCIES: (f64, f64) = (190.0, 300.0);

/// A name, the class that draws it, and its value.
type Drawn<T> = (&'static str, &'static str, fn(&Tally) -> T);

/// What an operation may have become.
const OUTCOMES: [Drawn<u64>; 4] = [
    ("ok", "ok", |tally| tally.ok),
    ("fail", "fail", |tally| tally.fail),
    ("info (outcome unknown)", "info", |tally| tally.info),
    ("not sent", "dropped", |tally| tally.dropped),
];

/// Latencies that are drawn, in milliseconds.
const LINES: [Drawn<Option<f64>>; 3] = [
    ("p50", "p50", |tally| tally.from_due.quantile(0.5).map(millis)),
    ("p99", "p99", |tally| tally.from_due.quantile(0.99).map(millis)),
    ("max", "max", |tally| tally.from_due.max().map(millis)),
];

fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

/// What the charts fill areas with, once for all of them.
pub(super) fn patterns() -> Markup {
    html! {
        svg class="patterns" width="0" height="0" aria-hidden="true" {
            defs {
                pattern id="hatched" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect class="fail" width="6" height="6" {}
                    path class="ink" d="M0 0V6" {}
                }
                pattern id="dotted" width="5" height="5" patternUnits="userSpaceOnUse" {
                    rect class="info" width="5" height="5" {}
                    circle class="ink" cx="2.5" cy="2.5" r="1.1" {}
                }
                pattern id="band" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)" {
                    path class="shade" d="M0 0V9" {}
                }
            }
        }
    }
}

/// The chart of a path, with its legend and its table.
pub(super) fn draw(path: &str, report: &Report, slices: &[Slice], span: Span) -> Markup {
    let chart = Chart { span };
    let most = slices.iter().map(|slice| chart.rate(slice.tally.offered())).fold(0.0, f64::max);
    let counts = axis::linear(most);
    let latencies = || slices.iter().flat_map(|slice| LINES.iter().filter_map(|line| line.2(&slice.tally)));
    let top = latencies().fold(1.0, f64::max);
    let latency = axis::logarithmic(latencies().fold(top, f64::min), top);
    let upper = Scale::new(&counts, COUNTS, false);
    let lower = Scale::new(&latency, LATENCIES, true);
    let says = format!("{path}, second by second: what became of its operations, and their latency");
    html! {
        figure class="chart" {
            figcaption {
                strong { (path) }
                (legend())
            }
            svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(says) {
                (ticks(&upper, &counts, "operations a second"))
                (ticks(&lower, &latency, "latency from the due time, ms"))
                (chart.across())
                @for (index, (_, class, _)) in OUTCOMES.iter().enumerate() {
                    path class=(class) d=(chart.bars(slices, index, &upper)) {}
                }
                (chart.bands(report))
                @for (_, class, get) in LINES { path class=(format!("line {class}")) d=(chart.line(slices, get, &lower)) {} }
                (chart.readings(slices))
            }
            (chart.table(path, slices))
        }
    }
}

fn legend() -> Markup {
    html! {
        span class="legend" {
            @for (name, class, _) in OUTCOMES {
                span {
                    svg viewBox="0 0 14 12" width="14" height="12" aria-hidden="true" {
                        path class=(class) d="M1 1H13V11H1Z" {}
                    }
                    (name)
                }
            }
            @for (name, class, _) in LINES {
                span {
                    svg viewBox="0 0 26 12" width="26" height="12" aria-hidden="true" {
                        path class=(format!("line {class}")) d="M0 6H26" {}
                    }
                    (name)
                }
            }
        }
    }
}

/// Values to heights.
struct Scale {
    bottom: f64,
    top: f64,
    panel: (f64, f64),
    logarithmic: bool,
}

impl Scale {
    fn new(ticks: &[f64], panel: (f64, f64), logarithmic: bool) -> Self {
        let (bottom, top) = (ticks.first().copied().unwrap_or(0.0), ticks.last().copied().unwrap_or(1.0));
        Self { bottom, top, panel, logarithmic }
    }

    fn height(&self, value: f64) -> f64 {
        let part = |value: f64| if self.logarithmic { value.max(self.bottom).log10() } else { value };
        let share = (part(value) - part(self.bottom)) / (part(self.top) - part(self.bottom));
        self.panel.1 - share.clamp(0.0, 1.0) * (self.panel.1 - self.panel.0)
    }
}

fn ticks(scale: &Scale, ticks: &[f64], title: &str) -> Markup {
    html! {
        g class="axis" {
            @for tick in ticks {
                @let height = scale.height(*tick);
                path d=(format!("M{LEFT} {height:.1}H{RIGHT}")) {}
                text x=(LEFT - 6.0) y=(format!("{:.1}", height + 4.0)) text-anchor="end" { (number(*tick)) }
            }
            text class="title" x=(LEFT) y=(scale.panel.0 - 6.0) { (title) }
        }
    }
}

/// What all parts of a chart share.
#[derive(Clone, Copy)]
struct Chart {
    span: Span,
}

impl Chart {
    fn x(self, seconds: f64) -> f64 {
        LEFT + (seconds / self.span.seconds as f64).clamp(0.0, 1.0) * (RIGHT - LEFT)
    }

    /// Of a slice, in a second.
    fn rate(self, count: u64) -> f64 {
        count as f64 / self.span.slice as f64
    }

    fn bands(self, report: &Report) -> Markup {
        html! {
            g class="bands" {
                @for (number, fault) in report.faults.iter().enumerate() {
                    @let from = self.x(fault.from_ms as f64 / 1000.0);
                    @let ends = fault.to_ms.or(fault.undo_ms).map_or(self.span.seconds as f64, |ms| ms as f64 / 1000.0);
                    @let to = self.x(ends).max(from + 1.0);
                    @let undo = fault.undo_ms.map(|ms| self.x(ms as f64 / 1000.0));
                    // Labels of faults at the same time stand below each other.
                    @let row = 12.0 + 13.0 * (number % 3) as f64;
                    rect x=(format!("{from:.1}")) y=(COUNTS.0) width=(format!("{:.1}", to - from))
                        height=(LATENCIES.1 - COUNTS.0) {}
                    path d=(format!("M{from:.1} {row}V{}", LATENCIES.1)) {}
                    @if let Some(undo) = undo { path class="undo" d=(format!("M{undo:.1} {}V{}", COUNTS.0, LATENCIES.1)) {} }
                    @let right = from > (LEFT + RIGHT) / 2.0;
                    text x=(format!("{:.1}", if right { from - 4.0 } else { from + 4.0 })) y=(row)
                        text-anchor=(if right { "end" } else { "start" }) { "\u{26a1} " (fault.what) }
                }
            }
        }
    }

    fn across(self) -> Markup {
        let ticks = axis::linear(self.span.seconds as f64);
        html! {
            g class="axis" {
                @for tick in ticks.iter().filter(|tick| **tick <= self.span.seconds as f64) {
                    @let x = format!("{:.1}", self.x(*tick));
                    path d=(format!("M{x} {}v4", LATENCIES.1)) {}
                    text x=(x) y=(LATENCIES.1 + 16.0) text-anchor="middle" { (number(*tick)) " s" }
                }
            }
        }
    }

    /// The bars of one outcome, on top of those before it.
    fn bars(self, slices: &[Slice], outcome: usize, scale: &Scale) -> PreEscaped<String> {
        let mut bars = String::new();
        for slice in slices {
            let below: u64 = OUTCOMES[..outcome].iter().map(|outcome| (outcome.2)(&slice.tally)).sum();
            let own = (OUTCOMES[outcome].2)(&slice.tally);
            if own == 0 {
                continue;
            }
            let (bottom, top) = (scale.height(self.rate(below)), scale.height(self.rate(below + own)));
            let (from, to) = (self.x(slice.from as f64), self.x((slice.from + self.span.slice) as f64));
            // A text can be written to.
            let _ = write!(bars, "M{from:.1} {bottom:.1}V{top:.1}H{:.1}V{bottom:.1}Z", to - 0.6);
        }
        PreEscaped(bars)
    }

    /// A line through the middles of the slices; broken where there is no value.
    fn line(self, slices: &[Slice], get: fn(&Tally) -> Option<f64>, scale: &Scale) -> PreEscaped<String> {
        let mut line = String::new();
        let mut last = None;
        for slice in slices {
            let Some(value) = get(&slice.tally) else {
                last = None;
                continue;
            };
            let follows = last == Some(slice.from);
            last = Some(slice.from + self.span.slice);
            let x = self.x(slice.from as f64 + self.span.slice as f64 / 2.0);
            let height = scale.height(value);
            // A point alone is drawn as a short dash.
            let _ = match follows {
                true => write!(line, "L{x:.1} {height:.1}"),
                false => write!(line, "M{:.1} {height:.1}L{x:.1} {height:.1}", x - 1.0),
            };
        }
        PreEscaped(line)
    }

    /// What stands beside the pointer.
    fn readings(self, slices: &[Slice]) -> Markup {
        html! {
            g class="readings" {
                @for slice in slices {
                    @let (from, to) = (self.x(slice.from as f64), self.x((slice.from + self.span.slice) as f64));
                    path d=(format!("M{from:.1} {}V{}H{to:.1}V{}Z", LATENCIES.1, COUNTS.0, LATENCIES.1)) {
                        title { (self.reading(slice)) }
                    }
                }
            }
        }
    }

    fn reading(self, slice: &Slice) -> String {
        let mut told = format!("{}: {} offered", self.when(slice), slice.tally.offered());
        for (name, _, get) in OUTCOMES.iter().filter(|outcome| (outcome.2)(&slice.tally) > 0) {
            let _ = write!(told, ", {} {name}", get(&slice.tally));
        }
        for (name, _, get) in LINES {
            if let Some(value) = get(&slice.tally) {
                let _ = write!(told, "; {name} {} ms", number(value));
            }
        }
        told
    }

    fn when(self, slice: &Slice) -> String {
        match self.span.slice {
            1 => format!("second {}", slice.from),
            more => format!("seconds {} to {}", slice.from, slice.from + more - 1),
        }
    }

    fn table(self, path: &str, slices: &[Slice]) -> Markup {
        html! {
            details {
                summary { "The same as a table" }
                table {
                    caption { (path) ", by the second in which operations were due" }
                    thead {
                        tr {
                            th scope="col" { "from" }
                            @for title in ["offered", "ok", "fail", "info", "not sent", "p50 ms", "p99 ms", "max ms"] {
                                th scope="col" { (title) }
                            }
                        }
                    }
                    tbody {
                        @for slice in slices {
                            tr {
                                th scope="row" { (slice.from) " s" }
                                td { (slice.tally.offered()) }
                                @for (_, _, get) in OUTCOMES { td { (get(&slice.tally)) } }
                                @for (_, _, get) in LINES { td { (get(&slice.tally).map_or_else(|| "-".to_owned(), number)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
