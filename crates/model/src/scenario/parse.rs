//! Text to scenario, with the place of each mistake.

use super::format::Scenario;
use super::mistake::{Mistake, Mistakes};
use super::validate;

/// Reads a scenario. `file` is its name in messages.
///
/// # Errors
/// [`Mistakes`] with the line of each: TOML that can't be read, unknown keys, values that are none, and
/// what [`validate::alone`] finds.
pub fn parse(file: &str, text: &str) -> Result<Scenario, Mistakes> {
    let mistakes = |list| Mistakes { file: file.to_owned(), list };
    let scenario: Scenario = toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        mistakes(vec![Mistake::at(text, &span, error.message())])
    })?;
    let found = validate::alone(&scenario, text);
    if found.is_empty() { Ok(scenario) } else { Err(mistakes(found)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
shows = "a node dies"
[[load]]
for = "10s"
rates = { ping = "20/s" }
[[fault]]
kind = "kill"
node = "rabbitmq"
at = "2s"
for = "3s"
"#;

    fn message(text: &str) -> String {
        parse("s.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn a_good_one_is_read() {
        let scenario = parse("s.toml", GOOD).unwrap();
        assert_eq!(scenario.fault.len(), 1);
    }

    #[test]
    fn a_typo_is_told_with_its_line_and_what_was_expected() {
        let told = message(&GOOD.replace("node =", "nod ="));
        let right = "s.toml:8:1: the fault \"kill\" has no `nod`; it has node, at, for\n";
        assert!(told.starts_with(right), "{told}");
    }

    #[test]
    fn values_that_are_none_are_told_with_what_would_be_right() {
        let told = message(&GOOD.replace("20/s", "-20/s"));
        assert!(told.starts_with("s.toml:5:") && told.contains("200/s"), "{told}");
        let told = message(&GOOD.replace("\"3s\"", "\"3 fortnights\""));
        assert!(told.starts_with("s.toml:10:7") && told.contains("250ms"), "{told}");
        let told = message(&GOOD.replace("\"kill\"", "\"destroy\""));
        assert!(told.starts_with("s.toml:7:8") && told.contains("`pause`"), "{told}");
    }

    #[test]
    fn no_toml_at_all_is_told() {
        assert!(message("= 3").starts_with("s.toml:1:1"), "{}", message("= 3"));
        assert!(message("").contains("shows"), "{}", message(""));
    }
}
