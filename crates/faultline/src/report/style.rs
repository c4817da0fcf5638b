//! Colours, where they are wanted; a verdict is never shown by colour alone.

use crate::checker::Verdict;

/// The style of a text: with colours or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    colour: bool,
}

impl Style {
    /// Plain text.
    pub const PLAIN: Self = Self { colour: false };

    /// Returns the style for a stream that is a terminal or not; NO_COLOR (<https://no-color.org>) forbids colour.
    #[must_use]
    pub fn for_terminal(is_terminal: bool, no_color: bool) -> Self {
        Self { colour: is_terminal && !no_color }
    }

    /// Makes a text bold.
    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Makes a text dim.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// Formats a verdict, in capitals and its colour.
    #[must_use]
    pub fn verdict(self, verdict: Verdict) -> String {
        let code = match verdict {
            Verdict::Pass => "1;32",
            Verdict::NotChecked => "1",
            Verdict::Unknown => "1;33",
            Verdict::Fail => "1;31",
        };
        self.paint(code, &verdict.name().to_uppercase())
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
