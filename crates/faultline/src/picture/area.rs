//! Rectangles, and the space that a text takes.

use super::lettering::{Anchor, Lettering};

/// A point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rectangle {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Rectangle {
    pub(super) fn new(left: f64, top: f64, width: f64, height: f64) -> Self {
        Self { left, top, right: left + width, bottom: top + height }
    }

    pub(super) fn centred(at: Point, width: f64, height: f64) -> Self {
        Self::new(at.x - width / 2.0, at.y - height / 2.0, width, height)
    }

    pub(super) fn width(self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(self) -> f64 {
        self.bottom - self.top
    }

    pub(super) fn middle(self) -> Point {
        Point { x: (self.left + self.right) / 2.0, y: (self.top + self.bottom) / 2.0 }
    }

    pub(super) fn overlaps(self, other: Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    pub(super) fn holds(self, point: Point) -> bool {
        (self.left..=self.right).contains(&point.x) && (self.top..=self.bottom).contains(&point.y)
    }

    /// Returns the area that is larger by a margin on each side.
    pub(super) fn grown(self, margin: f64) -> Self {
        Self::new(
            self.left - margin,
            self.top - margin,
            self.width() + 2.0 * margin,
            self.height() + 2.0 * margin,
        )
    }
}

/// Estimates the width of a text from its characters. Fonts differ from machine to machine, so the estimate is that of a
/// wide one.
pub(super) fn text_width(text: &str, lettering: Lettering) -> f64 {
    let share = |letter: char| match letter {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ' ' | '\u{b7}' => 0.36,
        'm' | 'w' | 'M' | 'W' | '%' => 0.98,
        ' '..='~' => 0.64,
        _ => 1.0,
    };
    let weight = if lettering.bold { 1.1 } else { 1.0 };
    text.chars().map(share).sum::<f64>() * lettering.size * weight
}

/// Estimates the space that a text takes.
pub(super) fn text_area(text: &str, lettering: Lettering, at: Point, anchor: Anchor) -> Rectangle {
    let width = text_width(text, lettering);
    let left = match anchor {
        Anchor::Start => at.x,
        Anchor::Middle => at.x - width / 2.0,
        Anchor::End => at.x - width,
    };
    // A text stands on its point: most of it is above the baseline, and some letters reach below.
    Rectangle::new(left, at.y - lettering.size * 0.9, width, lettering.size * 1.15)
}

/// Cuts a text to a width; an ellipsis stands for the rest.
pub(super) fn shorten(text: &str, lettering: Lettering, width: f64) -> String {
    if text_width(text, lettering) <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    for letter in text.chars() {
        short.push(letter);
        // Room for the ellipsis, whose estimated width in bold is 1.1 of the size.
        if text_width(&short, lettering) + lettering.size * 1.1 > width {
            short.pop();
            break;
        }
    }
    short + "\u{2026}"
}
