//! Text to scenario, with the place of each mistake.

use super::format::Scenario;
use super::mistake::{Mistake, Mistakes};
use super::validate;

/// Reads a scenario. `file` is its name in messages.
///
/// # Errors
/// [`Mistakes`] with the line of each: TOML that can't be read, unknown keys, invalid values, and the
/// mistakes that [`validate::alone`] and [`validate::arrivals`] find.
pub fn parse(file: &str, text: &str) -> Result<Scenario, Mistakes> {
    read(file, text, |scenario| {
        let mut found = validate::alone(scenario, text);
        found.extend(validate::arrivals(scenario, text));
        // Each list has the order of the file, but one stands behind the other.
        found.sort_by_key(|mistake| (mistake.line, mistake.column));
        found
    })
}

/// Reads a scenario and asks `check` for its mistakes.
///
/// # Errors
/// [`Mistakes`] with the line of each: TOML that can't be read, unknown keys, invalid values, and the
/// mistakes that `check` finds.
pub(super) fn read(
    file: &str,
    text: &str,
    check: impl FnOnce(&Scenario) -> Vec<Mistake>,
) -> Result<Scenario, Mistakes> {
    let mistakes = |list| Mistakes { file: file.to_owned(), list };
    // The decoder stops at the first mistake, so there is one. `check` finds all of its own.
    let scenario: Scenario = toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        mistakes(vec![Mistake::at(text, &span, error.message())])
    })?;
    let found = check(&scenario);
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
        let right = "s.toml:8:1: fault \"kill\": expected the keys node, at, for; found `nod`\n";
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
    fn a_scenario_that_sends_nothing_is_refused_with_its_line() {
        let load = |load: &str| format!("shows = \"x\"\n{load}");
        let empty = "[[load]]\nfor = \"10s\"\nrates = {}\n";
        for (text, place, told) in [
            (load(empty), "s.toml:4:9: ", "expected at least one path, found none"),
            (load(&format!("{empty}{empty}")), "s.toml:4:9: ", "expected at least one path, found none"),
            (load("[[load]]\nfor = \"10s\"\n[load.rates]\n"), "s.toml:4:", "expected at least one path"),
            ("shows = \"x\"\nload = []\n".to_owned(), "s.toml:1:1: ", "no load"),
            (GOOD.replace("20/s", "0/s"), "s.toml:5:", "invalid arrival rate \"0/s\""),
            (GOOD.replace("\"10s\"", "\"0s\""), "s.toml:4:7: ", "longer than 0s"),
            (GOOD.replace("20/s", "1/min"), "s.toml:5:11: ", "path ping: expected a rate that sends"),
            (GOOD.replace("20/s", "poisson 1/min"), "s.toml:5:11: ", "found poisson 1/min for 10s"),
            (GOOD.replace("20/s", "1/min..2/min in 2 steps"), "s.toml:5:11: ", "path ping: expected"),
        ] {
            let found = message(&text);
            assert!(found.starts_with(place) && found.contains(told), "{text}\n{found}");
        }
    }

    #[test]
    fn every_way_to_write_rates_is_read_and_one_phase_may_rest() {
        let rest = "[[load]]\nfor = \"5s\"\nrates = {}\n";
        for rates in ["rates = { ping = \"1/s\" }", "rates.ping = \"1/s\"", "[load.rates]\nping = \"1/s\""] {
            let text = format!("shows = \"x\"\n{rest}[[load]]\nfor = \"1s\"\n{rates}\n{rest}");
            let scenario = parse("s.toml", &text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(scenario.load[1].rates.get_ref().len(), 1, "{rates}");
        }
    }

    #[test]
    fn a_share_of_a_path_that_is_not_loaded_is_refused_with_its_line() {
        let told = message(&format!("{GOOD}[expect]\nduring = {{ pong = \"5%\" }}\n"));
        assert!(told.starts_with("s.toml:12:12: path pong: expected a path that is loaded (ping)"), "{told}");
    }

    #[test]
    fn no_toml_at_all_is_told() {
        assert!(message("= 3").starts_with("s.toml:1:1"), "{}", message("= 3"));
        assert!(message("").contains("shows"), "{}", message(""));
    }
}
