//! Bars and lines of a chart as commands of paths.

use std::fmt::Write;

use faultline_model::timeline::Counts;

use super::area::Rectangle;
use super::bars::Bar;
use super::drawing::{Shape, ShapeGroup};
use super::figures::millis;
use super::panel::ChartPanel;

/// An outcome: its name, its explanation, its count.
pub(super) type OutcomeSeries = (&'static str, &'static str, fn(&Counts) -> u64);

/// Outcomes, from the bottom of a bar to its top.
pub(super) const OUTCOMES: [OutcomeSeries; 4] = [
    ("ok", "ok: acknowledged", |counts| counts.ok),
    ("fail", "fail: certainly no effect", |counts| counts.fail),
    ("info", "info: effect unknown", |counts| counts.info),
    ("dropped", "dropped: never sent, the limit of operations in flight was reached", |counts| {
        counts.dropped
    }),
];

/// A latency: its name, its explanation, its value in milliseconds.
pub(super) type QuantileSeries = (&'static str, &'static str, fn(&Bar) -> Option<f64>);

/// Latencies, from back to front.
pub(super) const QUANTILES: [QuantileSeries; 3] = [
    ("max", "max: longest latency", |bar| bar.max),
    ("p99", "p99: 99 of 100 took no longer", |bar| bar.p99),
    ("p50", "p50: half took no longer", |bar| bar.p50),
];

/// Makes a path of commands, if there are any.
pub(super) fn drawn(class: &str, d: String) -> Option<Shape> {
    (!d.is_empty()).then(|| Shape::path(class, d))
}

/// Bars with their places across.
pub(super) struct Plot<'a> {
    pub(super) bars: &'a [Bar],
    pub(super) x: &'a dyn Fn(f64) -> f64,
}

impl Plot<'_> {
    fn edges(&self, bar: &Bar) -> (f64, f64) {
        let (from, to) = ((self.x)(bar.from as f64), (self.x)((bar.from + bar.seconds) as f64));
        // A gap tells bars apart, if they are wide enough for one.
        (from, if to - from > 4.0 { to - 0.8 } else { to })
    }

    /// Draws one outcome of all bars, on top of the outcomes before it.
    pub(super) fn outcome(&self, outcome: usize, panel: &ChartPanel) -> String {
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

    pub(super) fn offered(&self, panel: &ChartPanel) -> String {
        let mut d = String::new();
        let mut last: Option<(u64, f64)> = None;
        for bar in self.bars {
            let y = panel.y(bar.rate(bar.counts.offered));
            let (from, to) = ((self.x)(bar.from as f64), (self.x)((bar.from + bar.seconds) as f64));
            let _ = match last {
                // Less than the path would write, so a level load takes few commands.
                Some((end, before)) if end == bar.from && (before - y).abs() < 0.05 => write!(d, "H{to:.1}"),
                Some((end, _)) if end == bar.from => write!(d, "V{y:.1}H{to:.1}"),
                _ => write!(d, "M{from:.1} {y:.1}H{to:.1}"),
            };
            last = Some((bar.from + bar.seconds, y));
        }
        d
    }

    /// Draws a line through the middles of the bars; it is broken where there is no value.
    pub(super) fn quantile(&self, get: fn(&Bar) -> Option<f64>, panel: &ChartPanel) -> String {
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
    pub(super) fn readings(&self, top: f64, bottom: f64) -> Vec<Shape> {
        let reading = |bar: &Bar| {
            let (from, to) = ((self.x)(bar.from as f64), (self.x)((bar.from + bar.seconds) as f64));
            let shapes =
                vec![Shape::rect("reading", Rectangle::new(from, top, to - from, bottom - top), 0.0)];
            Shape::Group(ShapeGroup { title: reading(bar), shapes, ..ShapeGroup::default() })
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
