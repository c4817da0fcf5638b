//! Whole numbers in settings, with their bounds.

/// Reads a whole number above 0; for `#[arg(value_parser = chassis::count::positive)]`.
///
/// # Errors
/// What to give instead.
pub fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("expected a whole number above 0".to_owned()),
    }
}

/// Reads a whole number above 0 and up to `most`.
///
/// # Errors
/// What to give instead.
pub fn at_most(text: &str, most: usize) -> Result<usize, String> {
    match positive(text) {
        Ok(number) if number <= most => Ok(number),
        _ => Err(format!("expected a whole number above 0 and at most {most}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_kept() {
        assert_eq!(positive("1"), Ok(1));
        assert_eq!(at_most("7", 7), Ok(7));
        for text in ["0", "-1", "", "1.5", "x"] {
            assert!(positive(text).is_err() && at_most(text, 7).is_err(), "{text}");
        }
        assert!(at_most("8", 7).unwrap_err().contains("at most 7"));
    }
}
