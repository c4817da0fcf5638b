//! `${VAR}`, `${VAR:-default}`, `${VAR-default}`, `$VAR` and `$$`, as compose fills them in. A default may hold variables
//! itself.

/// A `$` that begins nothing compose knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid variable \"{0}\": expected ${{NAME}}, ${{NAME:-default}} or $$ for a dollar sign")]
pub struct BadVariable(String);

/// Fills a text in from `lookup`; an unset variable without a default is empty, as in compose.
///
/// # Errors
/// [`BadVariable`] shows the text.
pub fn interpolate(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<String, BadVariable> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        filled.push_str(&rest[..at]);
        let (value, after) = variable(&rest[at + 1..], lookup).ok_or_else(|| BadVariable(text.to_owned()))?;
        filled.push_str(&value);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// The value of what follows a `$`, and the text behind it.
fn variable<'a>(text: &'a str, lookup: &dyn Fn(&str) -> Option<String>) -> Option<(String, &'a str)> {
    if let Some(after) = text.strip_prefix('$') {
        return Some(("$".to_owned(), after));
    }
    if let Some(inside) = text.strip_prefix('{') {
        let (inside, after) = split_at_brace(inside)?;
        return Some((braced(inside, lookup)?, after));
    }
    let end = text.find(|c: char| !is_name(c)).unwrap_or(text.len());
    let (name, after) = text.split_at(end);
    (!name.is_empty()).then(|| (lookup(name).unwrap_or_default(), after))
}

/// Splits a text at the brace that closes it: each `${` inside has a brace of its own.
fn split_at_brace(text: &str) -> Option<(&str, &str)> {
    let mut open = 1;
    for (at, c) in text.char_indices() {
        match c {
            '}' => open -= 1,
            // Only after a dollar sign, as in compose: `${VAR:-{}` has the default `{`.
            '{' if text[..at].ends_with('$') => open += 1,
            _ => {}
        }
        if open == 0 {
            return Some((&text[..at], &text[at + 1..]));
        }
    }
    None
}

fn braced(inside: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let end = inside.find(|c: char| !is_name(c)).unwrap_or(inside.len());
    let (name, rest) = inside.split_at(end);
    if name.is_empty() {
        return None;
    }
    let value = lookup(name);
    // Filled in although the value may be set: compose refuses a wrong default in any case.
    let default = |text: &str| interpolate(text, lookup).ok();
    // With a colon an empty value counts as unset, as in a shell.
    if let Some(text) = rest.strip_prefix(":-") {
        let default = default(text)?;
        return Some(value.filter(|value| !value.is_empty()).unwrap_or(default));
    }
    if let Some(text) = rest.strip_prefix('-') {
        let default = default(text)?;
        return Some(value.unwrap_or(default));
    }
    rest.is_empty().then(|| value.unwrap_or_default())
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fill(text: &str) -> Result<String, BadVariable> {
        interpolate(text, &|name| match name {
            "SET" => Some("value".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        })
    }

    #[test]
    fn the_forms_of_compose_are_filled_in() {
        for (text, filled) in [
            ("a ${SET} b", "a value b"),
            ("${NONE:-d}${EMPTY:-e}${EMPTY-f}", "de"),
            ("$SET/$$x", "value/$x"),
            ("${NONE:-${SET}} ${NONE-$SET} ${NONE:-a-${EMPTY:-${NONE:-c}}-b}d", "value value a-c-bd"),
            ("${SET:-${NONE}}${NONE:-${EMPTY}}${EMPTY-${SET}}", "value"),
            ("${NONE:-{}/${NONE:-$$x}", "{/$x"),
            ("amqp://${U:-guest}:${P:-guest}@h:1/%2f", "amqp://guest:guest@h:1/%2f"),
        ] {
            assert_eq!(fill(text).as_deref(), Ok(filled));
        }
    }

    #[test]
    fn others_are_refused() {
        for text in ["${", "${}", "$-", "cost: 5$", "${A?x}", "${A:-${B}", "${A:-${B?x}}", "${SET:-$-}"] {
            assert!(fill(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_first_value_of_a_chain_of_defaults_is_filled_in(
            names in proptest::collection::vec(prop_oneof!["NONE", "EMPTY", "SET"], 0..20),
            last in "[a-z/:@]{0,8}",
        ) {
            let text = names.iter().rev().fold(last.clone(), |inside, name| format!("${{{name}:-{inside}}}"));
            let filled = if names.iter().any(|name| name == "SET") { "value".to_owned() } else { last };
            prop_assert_eq!(fill(&format!("<{text}>")), Ok(format!("<{filled}>")));
        }

        #[test]
        fn any_text_is_filled_in_or_refused(text in any::<String>()) {
            let _ = fill(&text);
        }
    }
}
