//! What the stores held in the end, and the way of each entry that went wrong.

use maud::{Markup, html};

use super::super::details::{Details, LINES, LOGGED, LogLine, Way};
use super::super::model::Report;
use super::super::table::entries;
use super::format::seconds;
use crate::checker::{Check, Coverage, PathFigures};

pub(super) fn draw(report: &Report, details: &Details) -> Markup {
    html! {
        (table(report))
        @if details.ways.is_empty() { p { (no_ways(report)) } }
        @else {
            p {
                "Each entry in question, as far as its way is known"
                @if report.checks.iter().any(|check| check.ids.len() == Check::MOST_IDS) {
                    ", the first " (Check::MOST_IDS) " of each kind; the history holds all"
                }
                ". The first " (LOGGED) " have lines of the nodes' logs beside them."
            }
            @for way in &details.ways { (one(way)) }
        }
    }
}

fn no_ways(report: &Report) -> &'static str {
    match report.paths.values().any(|path| path.entries == Coverage::Checked) {
        true => {
            "Of those that were checked, none is lost, duplicated, unexpected or altered that could be named."
        }
        false => "None was checked.",
    }
}

/// A count of a path.
type Get = fn(&PathFigures) -> Option<u64>;

fn table(report: &Report) -> Markup {
    let rows: [(&str, Get); 5] = [
        ("lost: acknowledged and not stored", |path| path.lost),
        ("duplicated: stored more than once", |path| path.duplicated),
        ("unexpected: stored though refused or never sent", |path| path.unexpected),
        ("altered: stored with other content", |path| path.altered),
        ("recovered: outcome unknown, and stored", |path| path.recovered),
    ];
    html! {
        div class="wide" tabindex="0" role="region" aria-label="Entries by path" {
            table {
                caption { "Entries, compared with the stores after the run; \"n/a\" on a path that writes nothing" }
                thead { tr { th scope="col" { "entries" } @for path in report.paths.keys() { th scope="col" { (path) } } } }
                tbody {
                    @for (title, get) in rows {
                        tr { th scope="row" { (title) } @for path in report.paths.values() { td { (entries(path, get)) } } }
                    }
                }
            }
        }
    }
}

fn one(way: &Way) -> Markup {
    html! {
        details class="way" {
            summary {
                strong { (way.wrong.join(", ")) } " " code { (way.id) }
                @if let Some(path) = &way.path { " on " (path) }
            }
            ol class="events" {
                @for (at, what) in &way.steps {
                    li { span class="at" { (at.map_or_else(String::new, seconds)) } " " (what) }
                }
            }
            @if !way.log.is_empty() {
                p { "The nodes' logs around that time, at most " (LINES) " lines of each:" }
                pre { @for line in &way.log { (log_line(line, &way.id)) "\n" } }
            }
        }
    }
}

fn log_line(line: &LogLine, id: &str) -> Markup {
    let text = format!("{:>8}  {:<14} {}", seconds(line.at), line.node, line.text);
    html! { @if line.text.contains(id) { mark { (text) } } @else { (text) } }
}
