//! Source files as the rules see them: without tests, line by line.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders with code and texts of ours.
const FOLDERS: [&str; 8] =
    ["crates", "services", "benches", "client/src", "client/e2e", "docs", "scenarios", "scripts"];

/// A file of ours, with its path from the repository's root.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    text: String,
}

/// Reads every Rust file that is not a test.
pub(crate) fn code(repository: &Path) -> Vec<Source> {
    let is_code = |path: &Path| path.extension().is_some_and(|ending| ending == "rs") && !is_test(path);
    files(repository, &is_code).into_iter().map(Source::without_tests).collect()
}

/// Reads every file with words for people: code, pages, guides, scenarios. The glossary and the changelog name retired
/// words, and so do the tests of old files that must still be read.
pub(crate) fn texts(repository: &Path) -> Vec<Source> {
    let is_text = |path: &Path| {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let exempt = ["glossary.md", "aliases.rs", "retired.rs"].contains(&name)
            || path.ends_with("tests/house/main.rs");
        ["rs", "ts", "tsx", "md", "toml", "html"].contains(&ending) && !exempt
    };
    files(repository, &is_text)
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests")
        || path.file_name().is_some_and(|name| name == "tests.rs")
}

fn files(repository: &Path, wanted: &dyn Fn(&Path) -> bool) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = FOLDERS.iter().map(|folder| repository.join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() {
                if !["node_modules", "dist", "target", "results", "generated"]
                    .iter()
                    .any(|other| name == *other)
                {
                    folders.push(path);
                }
            } else if wanted(path.strip_prefix(repository).unwrap_or(&path))
                && let Ok(text) = fs::read_to_string(&path)
            {
                found.push(Source {
                    path: path.strip_prefix(repository).unwrap_or(&path).to_path_buf(),
                    text,
                });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

impl Source {
    /// Cuts the unit tests off, which stand at the end of a file.
    fn without_tests(self) -> Self {
        // One in a file of its own may be declared anywhere.
        let is_inline = |at: &usize| {
            self.text[*at + 1..]
                .lines()
                .nth(1)
                .is_some_and(|line| line.starts_with("mod ") && line.ends_with('{'))
        };
        let mut ends = self.text.match_indices("\n#[cfg(test)]\nmod ").map(|(at, _)| at);
        let end = ends.find(is_inline).unwrap_or(self.text.len());
        Self { text: self.text[..end].to_owned(), ..self }
    }

    /// Lists the lines with their numbers, from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Lists the first line of every doc comment.
    pub(crate) fn docs(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut inside = false;
        self.lines().filter_map(move |(number, line)| {
            let text = doc(line);
            let first = text.filter(|_| !inside);
            inside = text.is_some();
            first.map(|text| (number, text))
        })
    }

    /// Lists the types that are defined at the top of the file.
    pub(crate) fn types(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().filter_map(|(number, line)| {
            let mut words =
                line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
            if line.starts_with(char::is_whitespace) {
                return None;
            }
            let mut word = words.next()?;
            while ["pub", "crate", "super", "in"].contains(&word) {
                word = words.next()?;
            }
            ["struct", "enum", "trait", "type", "union"]
                .contains(&word)
                .then(|| words.next())?
                .map(|name| (number, name))
        })
    }

    /// Counts the lines that hold code.
    pub(crate) fn code_lines(&self) -> usize {
        self.lines()
            .filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with("//"))
            .count()
    }

    /// Counts the lines of plain comments.
    pub(crate) fn comments(&self) -> usize {
        let plain = |line: &str| line.trim_start().starts_with("//") && doc(line).is_none();
        self.lines().filter(|(_, line)| plain(line)).count()
    }
}

fn doc(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let text = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))?;
    (!text.starts_with('/')).then(|| text.trim())
}

/// Lists the words in code font of the last column of a glossary's tables.
pub(crate) fn retired(glossary: &str) -> Vec<String> {
    let rows = glossary.lines().filter(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.trim_end_matches([' ', '|']).rsplit('|').next());
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned)).collect()
}

/// Returns true if a line has a word, or words, that stand by themselves.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    // A key in the format of an earlier version stays readable, and a path of modules is no label.
    if ["serde(rename", "alias = \"", "FORMER"].iter().any(|mark| line.contains(mark)) {
        return false;
    }
    line.match_indices(word).any(|(place, _)| {
        let (before, after) = (line[..place].chars().next_back(), line[place + word.len()..].chars().next());
        let is_path = word.ends_with(':') && after == Some(':');
        !(is_letter(before) || is_letter(after) || is_path)
    })
}
