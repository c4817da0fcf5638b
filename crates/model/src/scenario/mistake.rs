//! A mistake in a file and its place, shown as compilers do: file, line, column, the line itself.

use std::fmt;
use std::ops::Range;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Text of the mistake, with what was expected.
    pub message: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The text of that line.
    pub text: String,
}

impl Mistake {
    /// A mistake at a range of bytes of a text.
    #[must_use]
    pub fn at(source: &str, span: &Range<usize>, message: impl Into<String>) -> Self {
        let start = span.start.min(source.len());
        // A span may end within a character, at which a text cannot be cut.
        let start = (0..=start).rev().find(|at| source.is_char_boundary(*at)).unwrap_or(0);
        let before = &source[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let text = source[line_start..].lines().next().unwrap_or("").to_owned();
        Self {
            message: message.into(),
            line: before.matches('\n').count() + 1,
            // In characters, as editors count; in bytes the mark would stand too far to the right.
            column: source[line_start..start].chars().count() + 1,
            text,
        }
    }
}

/// Mistakes of one file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Mistakes {
    /// The file, as it was named.
    pub file: String,
    /// Mistakes, at least one, in the order of the file.
    pub list: Vec<Mistake>,
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.list.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            let number = mistake.line.to_string();
            let margin = " ".repeat(number.len());
            writeln!(f, "{}:{}:{}: {}", self.file, mistake.line, mistake.column, mistake.message)?;
            writeln!(f, "{margin} |")?;
            writeln!(f, "{number} | {}", mistake.text)?;
            write!(f, "{margin} | {}^", " ".repeat(mistake.column - 1))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_place_is_shown() {
        let mistake = Mistake::at("a = 1\nb = 2\n", &(10..11), "too small");
        let shown = Mistakes { file: "x.toml".into(), list: vec![mistake] }.to_string();
        assert_eq!(shown, "x.toml:2:5: too small\n  |\n2 | b = 2\n  |     ^");
    }

    proptest! {
        #[test]
        fn any_place_of_any_text_can_be_shown(text in any::<String>(), start in 0usize..200) {
            let mistake = Mistake::at(&text, &(start..start + 1), "m");
            prop_assert!(mistake.line >= 1 && mistake.column >= 1);
        }
    }
}
