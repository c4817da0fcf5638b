//! The house rules that a compiler does not know, held over every source file: words, names, reasons.
//!
//! `cargo test --test house -- --nocapture` prints the figures.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that can't go on ends here, and prints its figures"
)]

mod source;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use source::{Source, code, texts};

/// Largest share of doc comments that begin with one of [`NOT_FIRST`], in percent.
const ODD_DOCS: f64 = 4.0;

/// Largest share of types whose name is defined more than once, in percent.
const REPEATED_TYPES: f64 = 8.0;

/// Smallest number of lines of `//` comments per 100 lines of code.
const REASONS: f64 = 4.0;

/// Words that no first sentence of a doc comment begins with: pronouns, question words, prepositions.
const NOT_FIRST: [&str; 25] = [
    "It", "Its", "Whether", "What", "When", "Where", "Who", "How", "Why", "So", "Of", "To", "For", "With",
    "In", "On", "By", "As", "Does", "That", "Which", "These", "Those", "This", "There",
];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

fn percent(part: usize, whole: usize) -> f64 {
    part as f64 * 100.0 / whole.max(1) as f64
}

#[test]
fn a_doc_comment_begins_with_a_noun_or_a_verb() {
    let files = code(repository());
    let docs: Vec<(&Source, usize, &str)> =
        files.iter().flat_map(|file| file.docs().map(move |(line, text)| (file, line, text))).collect();
    let first = |text: &str| text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned();
    let odd: Vec<String> = docs
        .iter()
        .filter(|(_, _, text)| NOT_FIRST.contains(&first(text).as_str()))
        .map(|(file, line, text)| format!("{}:{line}: {text}", file.path.display()))
        .collect();
    let share = percent(odd.len(), docs.len());
    println!(
        "docs that begin with a pronoun, question word or preposition: {} of {} ({share:.1} %)",
        odd.len(),
        docs.len()
    );
    assert!(
        share <= ODD_DOCS,
        "{share:.1} % of {} docs, expected at most {ODD_DOCS} %:\n{}",
        docs.len(),
        odd.join("\n")
    );
}

#[test]
fn a_name_stands_for_one_type() {
    let files = code(repository());
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for file in &files {
        for (line, name) in file.types() {
            places.entry(name).or_default().push(format!("{}:{line}", file.path.display()));
        }
    }
    let all: usize = places.values().map(Vec::len).sum();
    let repeated: Vec<_> = places.iter().filter(|(_, places)| places.len() > 1).collect();
    let number: usize = repeated.iter().map(|(_, places)| places.len()).sum();
    let share = percent(number, all);
    println!("types whose name is defined more than once: {number} of {all} ({share:.1} %)");
    let list: Vec<String> =
        repeated.iter().map(|(name, places)| format!("{name}: {}", places.join(", "))).collect();
    assert!(
        share <= REPEATED_TYPES,
        "{share:.1} % of {all} types, expected at most {REPEATED_TYPES} %:\n{}",
        list.join("\n")
    );
}

#[test]
fn reasons_stand_beside_the_code() {
    let files = code(repository());
    let lines: usize = files.iter().map(|file| file.code_lines()).sum();
    let reasons: usize = files.iter().map(|file| file.comments()).sum();
    let rate = percent(reasons, lines);
    println!("lines of `//` comments per 100 lines of code: {rate:.1} ({reasons} on {lines})");
    assert!(rate >= REASONS, "{rate:.1} comments per 100 lines, expected at least {REASONS}");
}

/// The words of docs/glossary.md's last column that stand in code font are retired everywhere.
#[test]
fn no_text_uses_a_retired_word() {
    let glossary = fs::read_to_string(repository().join("docs/glossary.md")).unwrap();
    let retired = source::retired(&glossary);
    assert!(retired.len() >= 10, "the glossary lists the retired words: found {retired:?}");
    let mut found = Vec::new();
    for text in texts(repository()) {
        for (number, line) in text.lines() {
            for word in retired.iter().filter(|word| source::has_word(line, word)) {
                found.push(format!("{}:{number}: \"{word}\": {}", text.path.display(), line.trim()));
            }
        }
    }
    println!("lines with retired words: {}", found.len());
    assert!(found.is_empty(), "retired words (docs/glossary.md has the terms):\n{}", found.join("\n"));
}
