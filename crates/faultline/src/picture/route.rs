//! Curves of links, from the side of one node to the side of another.

use std::fmt::Write;

use super::area::Point;

/// Length of an arrow's head.
const HEAD: f64 = 9.0;

/// Distance that a curve keeps its direction for, at least.
const REACH: f64 = 46.0;

/// A side of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NodeSide {
    Left,
    Right,
}

impl NodeSide {
    /// Returns the direction away from the node: 1 to the right, -1 to the left.
    fn outward(self) -> f64 {
        match self {
            Self::Left => -1.0,
            Self::Right => 1.0,
        }
    }
}

/// A point at the side of a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct NodePort {
    pub(super) side: NodeSide,
    pub(super) at: Point,
}

/// The curve of one link.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Route {
    /// Cubic Bézier curves, each beginning at the end of the one before.
    pieces: Vec<[Point; 4]>,
    end: NodePort,
}

impl Route {
    /// Draws a curve from a port to another, horizontally through spans that are free; `bulge` bends it down or up.
    pub(super) fn new(start: NodePort, through: &[(Point, Point)], end: NodePort, bulge: f64) -> Self {
        let out = start.side.outward();
        // The line ends under the arrow's head.
        let tip = Point { x: end.at.x + (HEAD - 1.0) * end.side.outward(), y: end.at.y };
        let mut pieces = Vec::new();
        let mut from = start.at;
        for (enter, leave) in through {
            pieces.push(piece(from, out, *enter, -out, 0.0));
            pieces.push(piece(*enter, out, *leave, -out, 0.0));
            from = *leave;
        }
        let bulge = if through.is_empty() { bulge } else { 0.0 };
        pieces.push(piece(from, out, tip, end.side.outward(), bulge));
        Self { pieces, end }
    }

    /// Returns the point at a share of the curve, 0 to 1.
    pub(super) fn at(&self, share: f64) -> Point {
        let place = share.clamp(0.0, 1.0) * self.pieces.len() as f64;
        let index = (place as usize).min(self.pieces.len() - 1);
        let t = place - index as f64;
        let [a, b, c, d] = self.pieces[index];
        let weights = [(1.0 - t).powi(3), 3.0 * t * (1.0 - t).powi(2), 3.0 * t * t * (1.0 - t), t.powi(3)];
        let sum = |get: fn(&Point) -> f64| [a, b, c, d].iter().zip(weights).map(|(p, w)| get(p) * w).sum();
        Point { x: sum(|point| point.x), y: sum(|point| point.y) }
    }

    /// Lists points along the curve.
    pub(super) fn samples(&self) -> Vec<Point> {
        let number = 24 * self.pieces.len();
        (0..=number).map(|index| self.at(index as f64 / number as f64)).collect()
    }

    /// Writes the line as the commands of a path.
    pub(super) fn line(&self) -> String {
        let start = self.pieces[0][0];
        let mut d = format!("M{:.1} {:.1}", start.x, start.y);
        for [_, b, c, end] in &self.pieces {
            // Writing to a text can't fail.
            let _ = write!(d, "C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}", b.x, b.y, c.x, c.y, end.x, end.y);
        }
        d
    }

    /// Writes the arrow's head as the commands of a path.
    pub(super) fn head(&self) -> String {
        let Point { x, y } = self.end.at;
        format!("M{x:.1} {y:.1}l{} -4.5v9z", HEAD * self.end.side.outward())
    }
}

fn piece(from: Point, out: f64, to: Point, back: f64, bulge: f64) -> [Point; 4] {
    let reach = ((to.x - from.x).abs() / 2.0).max(REACH);
    [
        from,
        Point { x: from.x + out * reach, y: from.y + bulge },
        Point { x: to.x + back * reach, y: to.y + bulge },
        to,
    ]
}
