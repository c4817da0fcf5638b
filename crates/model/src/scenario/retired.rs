//! Former names of keys, which are still read for one version, each with a warning.

use toml::de::DeTable;

use super::mistake::Mistake;

/// A key with its former name.
struct RetiredKey {
    table: &'static str,
    former: &'static str,
    key: &'static str,
}

/// Keys whose former names are read by `#[serde(alias)]` until version 0.2.
const RETIRED: [RetiredKey; 1] =
    [RetiredKey { table: "expect", former: "without-fault", key: "steady-state" }];

/// Finds the keys of a scenario that it calls by a former name, in the order of the file. A text that is no TOML has none.
#[must_use]
pub fn keys(text: &str) -> Vec<Mistake> {
    let Ok(root) = DeTable::parse(text) else { return Vec::new() };
    let mut found = Vec::new();
    for retired in &RETIRED {
        let table = root.get_ref().get(retired.table).and_then(|table| table.get_ref().as_table());
        let keys = table.into_iter().flat_map(|table| table.keys());
        for key in keys.filter(|key| key.get_ref() == retired.former) {
            let message = format!(
                "key: expected `{}`, found its former name `{}`, which is read until version 0.2",
                retired.key, retired.former
            );
            found.push(Mistake::at(text, &key.span(), message));
        }
    }
    found.sort_by_key(|mistake| (mistake.line, mistake.column));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse;

    const LOAD: &str = "shows = \"x\"\n[[load]]\nfor = \"10s\"\nrates = { ping = \"1/s\" }\n[expect]\n";

    #[test]
    fn a_former_name_is_read_and_named_with_its_place_and_the_new_one() {
        let text = format!("{LOAD}lost = 1\nwithout-fault = \"50%\"\n");
        let scenario = parse("s", &text).unwrap();
        assert_eq!(scenario.expect.steady_state, "50%".parse().unwrap());
        let found: Vec<String> = keys(&text)
            .into_iter()
            .map(|mistake| format!("{}:{}: {}", mistake.line, mistake.column, mistake.message))
            .collect();
        assert_eq!(
            found,
            [
                "7:1: key: expected `steady-state`, found its former name `without-fault`, which is read until version 0.2"
            ]
        );
        assert!(keys(&format!("{LOAD}steady-state = \"50%\"\n")).is_empty());
        assert!(keys("no TOML").is_empty());
    }

    #[test]
    fn both_names_at_once_are_a_mistake() {
        let text = format!("{LOAD}steady-state = \"60%\"\nwithout-fault = \"50%\"\n");
        assert!(parse("s", &text).is_err());
    }
}
