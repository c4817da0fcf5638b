//! One panel of a chart: a scale with its ticks, a title, and a legend beside the title.

use super::area::{Point, Rectangle, text_width};
use super::drawing::{Shape, ShapeGroup};
use super::figures;
use super::lettering::{Anchor, Lettering};

/// Words of the axes and legends.
pub(super) const SMALL: Lettering = Lettering::plain(11.0);

/// Height of the row above a panel that holds title and legend.
pub(super) const TITLE: f64 = 18.0;

/// A scale from values to heights.
pub(super) struct ChartPanel {
    /// Plot area.
    pub(super) plot: Rectangle,
    ticks: Vec<f64>,
    is_logarithmic: bool,
}

/// The sign of a legend's entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Fill,
    Line,
}

/// An entry of a legend.
pub(super) struct LegendEntry {
    pub(super) sign: Sign,
    pub(super) class: &'static str,
    pub(super) word: &'static str,
    /// Explanation at the pointer.
    pub(super) title: &'static str,
}

impl ChartPanel {
    pub(super) fn linear(plot: Rectangle, ticks: Vec<f64>) -> Self {
        Self { plot, ticks, is_logarithmic: false }
    }

    pub(super) fn logarithmic(plot: Rectangle, ticks: Vec<f64>) -> Self {
        Self { plot, ticks, is_logarithmic: true }
    }

    /// Returns the height of a value.
    pub(super) fn y(&self, value: f64) -> f64 {
        let (bottom, top) = (self.ticks[0], self.ticks[self.ticks.len() - 1]);
        // A value below the axis, such as 0, lies on its end.
        let part = |value: f64| if self.is_logarithmic { value.max(bottom).log10() } else { value };
        let share = (part(value) - part(bottom)) / (part(top) - part(bottom));
        self.plot.bottom - share.clamp(0.0, 1.0) * self.plot.height()
    }

    /// Draws the lines of the ticks, behind everything else.
    pub(super) fn grid(&self) -> Vec<Shape> {
        let Rectangle { left, right, .. } = self.plot;
        let lines = self.ticks.iter().map(|tick| format!("M{left:.1} {:.1}H{right:.1}", self.y(*tick)));
        let mut shapes = vec![Shape::path("grid", lines.collect::<String>())];
        shapes.extend(self.ticks.iter().map(|tick| {
            let at = Point { x: left - 6.0, y: self.y(*tick) + 4.0 };
            Shape::text("tick", at, Anchor::End, SMALL, figures::tick(*tick))
        }));
        shapes
    }

    /// Draws the title above the plot area, and the legend at its right end.
    pub(super) fn heading(&self, title: &str, legend: &[LegendEntry]) -> Vec<Shape> {
        let baseline = self.plot.top - 6.0;
        let at = Point { x: self.plot.left, y: baseline };
        let mut shapes = vec![Shape::text("heading", at, Anchor::Start, SMALL, title)];
        let mut right = self.plot.right;
        // From the right edge to the left, since only the right end of the legend is fixed.
        for entry in legend.iter().rev() {
            let left = right - text_width(entry.word, SMALL);
            let at = Point { x: left, y: baseline };
            let word = Shape::text("word", at, Anchor::Start, SMALL, entry.word);
            let (sign, width) = sign(entry, left - 4.0, baseline - 4.0);
            shapes.push(Shape::Group(ShapeGroup {
                class: "entry".to_owned(),
                title: entry.title.to_owned(),
                shapes: vec![sign, word],
                ..ShapeGroup::default()
            }));
            right = left - 4.0 - width - 11.0;
        }
        shapes
    }
}

/// Draws a sign that ends at `right`, and returns its width.
fn sign(entry: &LegendEntry, right: f64, middle: f64) -> (Shape, f64) {
    match entry.sign {
        Sign::Fill => {
            let area = Rectangle::new(right - 11.0, middle - 5.5, 11.0, 11.0);
            (Shape::rect(entry.class, area, 0.0), 11.0)
        }
        Sign::Line => {
            (Shape::path(entry.class, format!("M{:.1} {middle:.1}H{right:.1}", right - 20.0)), 20.0)
        }
    }
}
