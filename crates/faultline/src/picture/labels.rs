//! Places for the labels of links: each on its line, none over another label or a node.

use super::area::{Point, Rectangle};
use super::route::Route;

/// Space around a label.
const MARGIN: f64 = 4.0;

/// Step of the search for a free place beside the line.
const STEP: f64 = 6.0;

/// Rounds in which each label may move to a better place, now that the others have one.
const ROUNDS: usize = 3;

/// A label that needs a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label {
    /// Number of its route.
    pub(super) route: usize,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Finds a place for each label, in their order. `taken` is taken already; `width` bounds the drawing to the right, and
/// downwards it may grow.
pub(super) fn place(labels: &[Label], routes: &[Route], taken: &[Rectangle], width: f64) -> Vec<Rectangle> {
    let samples: Vec<Vec<Point>> = routes.iter().map(Route::samples).collect();
    let search = LabelSearch { routes, samples: &samples, width };
    let mut places: Vec<Option<Rectangle>> = vec![None; labels.len()];
    for _ in 0..ROUNDS {
        for (index, label) in labels.iter().enumerate() {
            let others = places.iter().enumerate().filter(|(other, _)| *other != index);
            let blocked: Vec<Rectangle> =
                taken.iter().copied().chain(others.filter_map(|(_, place)| *place)).collect();
            places[index] = Some(search.best(*label, &blocked));
        }
    }
    places.into_iter().flatten().collect()
}

struct LabelSearch<'a> {
    routes: &'a [Route],
    samples: &'a [Vec<Point>],
    width: f64,
}

impl LabelSearch<'_> {
    /// Finds the free place on the line that covers least of other lines, or the nearest one beside it.
    fn best(&self, label: Label, blocked: &[Rectangle]) -> Rectangle {
        let route = &self.routes[label.route];
        // Not near the ends, where ports and heads of arrows are.
        let shares = (4..=36).map(|step| f64::from(step) / 40.0);
        let on_line =
            shares.map(|share| (share, Rectangle::centred(route.at(share), label.width, label.height)));
        let free = on_line.filter(|(_, area)| self.is_free(*area, blocked));
        let cheapest = free.min_by(|a, b| self.cost(label, *a).total_cmp(&self.cost(label, *b)));
        cheapest.map_or_else(|| self.beside(label, blocked), |(_, area)| area)
    }

    fn is_free(&self, area: Rectangle, blocked: &[Rectangle]) -> bool {
        let inside = area.left >= 0.0 && area.top >= 0.0 && area.right <= self.width;
        inside && !blocked.iter().any(|other| area.grown(MARGIN).overlaps(*other))
    }

    /// Rates a place: in the middle of its line is good, over other lines is bad.
    fn cost(&self, label: Label, (share, area): (f64, Rectangle)) -> f64 {
        let others = self.samples.iter().enumerate().filter(|(index, _)| *index != label.route);
        let covered = others.flat_map(|(_, points)| points).filter(|point| area.grown(2.0).holds(**point));
        covered.count() as f64 * 6.0 + (share - 0.5).abs() * 40.0
    }

    fn beside(&self, label: Label, blocked: &[Rectangle]) -> Rectangle {
        let middle = self.routes[label.route].at(0.5);
        // Below everything there is always space.
        let x = middle.x.clamp(label.width / 2.0, (self.width - label.width / 2.0).max(label.width / 2.0));
        let lowest = blocked.iter().map(|area| area.bottom).fold(0.0, f64::max) + MARGIN;
        let last = ((lowest - middle.y).max(0.0) + label.height) / STEP + 1.0;
        let offsets = (1..=last as i64).flat_map(|step| [step as f64 * STEP, -(step as f64) * STEP]);
        let areas = offsets
            .map(|down| Rectangle::centred(Point { x, y: middle.y + down }, label.width, label.height));
        let below = Rectangle::new(x - label.width / 2.0, lowest, label.width, label.height);
        areas.into_iter().find(|area| self.is_free(*area, blocked)).unwrap_or(below)
    }
}
