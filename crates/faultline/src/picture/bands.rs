//! Faults on a chart: for each a bar above the plot with its name, and lines through it at injection and healing.

use faultline_model::timeline::FaultWindow;

use super::area::{Point, Rectangle, shorten, text_width};
use super::drawing::{Shape, ShapeGroup};
use super::figures::seconds;
use super::lettering::{Anchor, Lettering};

/// Names of faults, and the word beside a healing.
const NAME: Lettering = Lettering::bold(11.0);
const WORD: Lettering = Lettering::plain(11.0);
const HEALED: &str = "healed";

/// Height of a row of faults.
const ROW: f64 = 23.0;

/// Rows of faults, at most.
const MOST: usize = 4;

/// Faults with their places above a plot.
pub(super) struct Bands {
    bands: Vec<Band>,
    /// Number of rows.
    rows: usize,
    /// Number of faults for which there is no row.
    hidden: usize,
    /// Edges of the plot.
    edges: (f64, f64),
}

struct Band {
    /// Ends of the window, and the healing.
    begin: f64,
    healed: Option<f64>,
    end: f64,
    label: String,
    /// Left edge of the label, and of the word beside the healing if there is space.
    label_x: f64,
    healed_x: Option<f64>,
    title: String,
    row: Option<usize>,
}

impl Bands {
    /// Places faults on a plot from `edges.0` to `edges.1`; `x` returns the place of a moment in microseconds, and `now` is
    /// the end of the known time, where a fault ends that is not over.
    pub(super) fn new(faults: &[FaultWindow], edges: (f64, f64), now: f64, x: impl Fn(i64) -> f64) -> Self {
        let shown = faults
            .iter()
            // A long run forgets its first seconds, and the faults of that time have no place on the axis.
            .filter(|fault| fault.ready.is_none_or(|ready| x(ready) > edges.0) && x(fault.begin) < edges.1);
        let mut bands: Vec<Band> = shown.map(|fault| Band::new(fault, edges, now, &x)).collect();
        let mut ends = [f64::MIN; MOST];
        let (mut rows, mut hidden) = (0, 0);
        for band in &mut bands {
            // The first row that is free at this place, so that few faults take little space.
            band.row = ends.iter().position(|end| *end + 8.0 < band.left());
            match band.row {
                Some(row) => {
                    ends[row] = band.right();
                    rows = rows.max(row + 1);
                }
                None => hidden += 1,
            }
        }
        Self { bands, rows, hidden, edges }
    }

    /// Returns the height that the rows need above the plot.
    pub(super) fn height(&self) -> f64 {
        self.rows as f64 * ROW + if self.hidden > 0 { 15.0 } else { 0.0 }
    }

    /// Draws the shades behind a plot.
    pub(super) fn shades(&self, plot: Rectangle) -> Vec<Shape> {
        let shade = |band: &Band| {
            // At least one pixel: a short fault on a long axis must not vanish.
            let area = Rectangle::new(band.begin, plot.top, (band.end - band.begin).max(1.0), plot.height());
            let shapes = vec![Shape::rect("band", area, 0.0)];
            Shape::Group(ShapeGroup { title: band.title.clone(), shapes, ..ShapeGroup::default() })
        };
        self.bands.iter().map(shade).collect()
    }

    /// Draws the moments of injection and healing over a plot.
    pub(super) fn moments(&self, plot: Rectangle) -> Vec<Shape> {
        let line = |class, x: f64| Shape::path(class, format!("M{x:.1} {:.1}V{:.1}", plot.top, plot.bottom));
        let lines = |band: &Band| [Some(line("inject", band.begin)), band.healed.map(|x| line("heal", x))];
        self.bands.iter().flat_map(lines).flatten().collect()
    }

    /// Draws names and bars in rows from `top`.
    pub(super) fn rows(&self, top: f64) -> Vec<Shape> {
        let row = |band: &Band| {
            let shapes = band.draw(top + band.row? as f64 * ROW, self.edges.1);
            let (class, title) = ("fault".to_owned(), band.title.clone());
            Some(Shape::Group(ShapeGroup { class, title, shapes, ..ShapeGroup::default() }))
        };
        let mut shapes: Vec<Shape> = self.bands.iter().filter_map(row).collect();
        if self.hidden > 0 {
            let at = Point { x: self.edges.0, y: top + self.rows as f64 * ROW + 10.0 };
            let text = format!("and {} more", self.hidden);
            shapes.push(Shape::text("word", at, Anchor::Start, WORD, text));
        }
        shapes
    }
}

impl Band {
    fn new(fault: &FaultWindow, (left, right): (f64, f64), now: f64, x: &impl Fn(i64) -> f64) -> Self {
        let inside = |at: i64| x(at).clamp(left, right);
        let begin = inside(fault.begin);
        let healed = fault.heal.map(inside);
        let end = fault.ready.map_or(now.clamp(left, right), inside).max(healed.unwrap_or(begin));
        let label = shorten(&format!("\u{26a1} {}", fault.name), NAME, (right - left) * 0.7);
        let width = text_width(&label, NAME);
        // A label that would end beyond the plot moves to the left, away from the begin of its fault.
        let label_x = begin.min(right - width);
        let word = text_width(HEALED, WORD);
        let healed_x = healed.filter(|x| *x > label_x + width + 6.0 && *x + word <= right);
        Self { begin, healed, end, label, label_x, healed_x, title: title(fault), row: None }
    }

    fn left(&self) -> f64 {
        self.label_x.min(self.begin)
    }

    fn right(&self) -> f64 {
        let label = self.label_x + text_width(&self.label, NAME);
        let word = self.healed_x.map_or(0.0, |x| x + text_width(HEALED, WORD));
        self.end.max(label).max(word)
    }

    fn draw(&self, top: f64, right: f64) -> Vec<Shape> {
        let healed = self.healed.unwrap_or(self.end);
        let strip = |class, from: f64, to: f64| {
            let width = (to - from).max(1.0).min(right - from);
            Shape::rect(class, Rectangle::new(from, top + 14.0, width, 6.0), 0.0)
        };
        let mut shapes = vec![strip("active", self.begin, healed)];
        if self.end > healed {
            shapes.push(strip("recovering", healed, self.end));
        }
        let at = |x| Point { x, y: top + 10.0 };
        shapes.push(Shape::text("name", at(self.label_x), Anchor::Start, NAME, &self.label));
        if let Some(x) = self.healed_x {
            shapes.push(Shape::text("word", at(x), Anchor::Start, WORD, HEALED));
        }
        shapes
    }
}

fn title(fault: &FaultWindow) -> String {
    let mut title = format!("{}: injected at {}", fault.name, seconds(fault.begin));
    for (word, at) in [("healed", fault.heal), ("recovered", fault.ready)] {
        if let Some(at) = at {
            title += &format!(", {word} at {}", seconds(at));
        }
    }
    if fault.ready.is_none() && fault.heal.is_none() {
        title += if fault.broken { ", could not be injected or healed" } else { ", still active" };
    }
    title
}
