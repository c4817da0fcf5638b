//! Numbers as readers see them.

/// Number without a fraction, thousands set apart.
pub(crate) fn whole(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let texts = [0.0, 999.0, 1000.0, 1_234_567.0, -1000.0, -100.0].map(whole);
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567", "-1,000", "-100"]);
    }
}
