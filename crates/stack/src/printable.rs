//! Text that others wrote, made safe to print: a file or a label may hold what a terminal would obey.

/// Characters of a text that an error shows.
const SHOWN: usize = 40;

/// The text on one line, with what a terminal or a reader could take for something else escaped: control characters,
/// changes of the direction of writing, and the like.
#[must_use]
// Escape sequences from files and labels of others would act on the terminal that prints them.
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            // No terminal obeys these, and a text with escaped quotes is hard to read.
            '"' | '\'' | '\\' => safe.push(character),
            other => safe.extend(other.escape_debug()),
        }
    }
    safe
}

/// The beginning of a text in quotes, for an error that says what was found.
#[must_use]
pub fn excerpt(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?} and more", &text[..end]),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_that_a_terminal_obeys_is_printed(text in any::<String>()) {
            let told = format!("{}{}", printable(&text), excerpt(&text));
            prop_assert!(!told.chars().any(char::is_control), "{told:?}");
        }
    }

    #[test]
    fn what_reads_well_stays() {
        assert_eq!(printable("runs/naïve \"x\" \\ 日本"), "runs/naïve \"x\" \\ 日本");
        assert_eq!(printable("a\x1b[2J\nb\u{202e}c"), "a\\u{1b}[2J\\nb\\u{202e}c");
        assert_eq!(excerpt(&"x".repeat(50)), format!("\"{}\" and more", "x".repeat(40)));
    }
}
