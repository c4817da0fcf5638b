//! A drawing and its shapes, which a page maps to SVG one to one.

use serde::Serialize;

use super::area::{Point, Rectangle};
use super::lettering::{Anchor, Lettering};

/// A drawing.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Drawing {
    /// Width in the drawing's own units, which are pixels at its natural size.
    pub width: f64,
    /// Height in the same units.
    pub height: f64,
    /// Content in words, for readers who do not see it.
    pub label: String,
    /// Shapes, from back to front.
    pub shapes: Vec<Shape>,
}

/// One shape. Its class is one of `client/src/picture/picture.css`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "shape", rename_all = "kebab-case")]
pub enum Shape {
    /// A line or an outline in SVG's path syntax.
    Path {
        /// Class.
        class: String,
        /// Commands.
        d: String,
    },
    /// A rectangle.
    Rect {
        /// Class.
        class: String,
        /// Left edge.
        x: f64,
        /// Top edge.
        y: f64,
        /// Width.
        width: f64,
        /// Height.
        height: f64,
        /// Radius of the corners.
        #[serde(skip_serializing_if = "is_zero")]
        radius: f64,
    },
    /// A circle.
    Circle {
        /// Class.
        class: String,
        /// Centre, across.
        x: f64,
        /// Centre, down.
        y: f64,
        /// Radius.
        radius: f64,
    },
    /// One line of text.
    Text {
        /// Class.
        class: String,
        /// Anchor, across.
        x: f64,
        /// Baseline.
        y: f64,
        /// Part of the text that stands at `x`.
        anchor: Anchor,
        /// Size and weight.
        #[serde(flatten)]
        lettering: Lettering,
        /// Words.
        text: String,
    },
    /// Shapes that belong together.
    Group(ShapeGroup),
    /// A fill that classes refer to by its id; it is not visible itself.
    Pattern {
        /// Id in the page.
        id: String,
        /// Side of the square that repeats.
        size: f64,
        /// Rotation in degrees.
        rotate: f64,
        /// Shapes of the square.
        shapes: Vec<Shape>,
    },
}

/// Shapes that belong together.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ShapeGroup {
    /// Class.
    pub class: String,
    /// Words that appear at the pointer; empty for none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Content in words, for readers who do not see it; empty for none. A group with a target and a label is a button.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Node or link that the group stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<ShapeTarget>,
    /// Shapes, from back to front.
    pub shapes: Vec<Shape>,
}

/// The node or link that a group stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ShapeTarget {
    /// A node.
    Node {
        /// Name.
        name: String,
    },
    /// A link.
    Link {
        /// Name, `from->to:port`.
        name: String,
    },
}

impl Shape {
    pub(super) fn path(class: &str, d: impl Into<String>) -> Self {
        Self::Path { class: class.to_owned(), d: d.into() }
    }

    pub(super) fn rect(class: &str, area: Rectangle, radius: f64) -> Self {
        let [x, y, width, height] = [area.left, area.top, area.width(), area.height()].map(tenth);
        Self::Rect { class: class.to_owned(), x, y, width, height, radius }
    }

    pub(super) fn circle(class: &str, at: Point, radius: f64) -> Self {
        Self::Circle { class: class.to_owned(), x: tenth(at.x), y: tenth(at.y), radius }
    }

    pub(super) fn text(
        class: &str,
        at: Point,
        anchor: Anchor,
        lettering: Lettering,
        text: impl Into<String>,
    ) -> Self {
        let (class, text) = (class.to_owned(), text.into());
        Self::Text { class, x: tenth(at.x), y: tenth(at.y), anchor, lettering, text }
    }
}

/// Rounds to a tenth, which is finer than a screen shows and keeps a drawing small.
pub(super) fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn is_zero(value: &f64) -> bool {
    *value == 0.0
}
