//! The size, weight and anchor of a text.

use serde::Serialize;

/// The part of a text that stands at its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Anchor {
    /// Beginning.
    Start,
    /// Middle.
    Middle,
    /// End.
    End,
}

/// Size and weight of a text.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Lettering {
    /// Size of the font.
    pub size: f64,
    /// True if the text is bold.
    pub bold: bool,
}

impl Lettering {
    pub(super) const fn plain(size: f64) -> Self {
        Self { size, bold: false }
    }

    pub(super) const fn bold(size: f64) -> Self {
        Self { size, bold: true }
    }
}
