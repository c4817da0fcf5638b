//! Lines and tables of a report for a terminal.

use std::fmt::Write;

use super::style::Style;
use crate::checker::{Coverage, PathFigures};

/// Adds a line without blanks at its end.
pub(super) fn line(text: &mut String, line: &str) {
    // Cells are padded, also in the last column.
    text.push_str(line.trim_end());
    text.push('\n');
}

/// A count of entries that a path has; none where they were not checked.
pub(super) type EntryCount = fn(&PathFigures) -> Option<u64>;

/// Formats a count of entries of a path; in words where there is none.
pub(super) fn entries(path: &PathFigures, get: EntryCount) -> String {
    match (path.entries, get(path)) {
        (Coverage::Checked, Some(count)) => count.to_string(),
        // Not a zero: a path that writes nothing was not checked and can lose nothing.
        (Coverage::NothingWritten, _) => "n/a".to_owned(),
        _ => "not checked".to_owned(),
    }
}

/// Adds a table: columns as wide as they need to be, the first to the left, figures to the right.
pub(super) fn table(text: &mut String, head: &[&str], rows: &[Vec<String>], style: Style) {
    let width = |column: usize| {
        // Characters and not bytes, of which a unit such as a microsecond has more.
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let format_row = |cells: Vec<&str>| {
        let mut line = String::new();
        for (index, (cell, width)) in cells.iter().zip(&widths).enumerate() {
            let _ = match index {
                0 => write!(line, "{cell:<width$}"),
                _ => write!(line, "  {cell:>width$}"),
            };
        }
        line
    };
    line(text, &style.dim(&format_row(head.to_vec())));
    for row in rows {
        line(text, &format_row(row.iter().map(String::as_str).collect()));
    }
}
