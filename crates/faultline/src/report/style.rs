//! Colours, where they are wanted; a verdict is never told by colour alone.

use crate::checker::Verdict;

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    colour: bool,
}

impl Style {
    /// Plain text.
    pub const PLAIN: Self = Self { colour: false };

    /// For a stream that is a terminal or not; NO_COLOR (<https://no-color.org>) forbids colour.
    #[must_use]
    pub fn for_terminal(is_terminal: bool, no_color: bool) -> Self {
        Self { colour: is_terminal && !no_color }
    }

    /// Bold.
    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Less important.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// A verdict in capitals.
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
