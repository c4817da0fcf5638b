//! Counts of entries in the stores, and the trace of each entry that went wrong.

use maud::{Markup, html};

use super::super::details::{Details, EntryTrace, LINES, LOGGED, LogLine};
use super::super::model::Report;
use super::super::table::{EntryCount, entries};
use super::format::seconds;
use crate::checker::{Check, Coverage};

pub(super) fn draw(report: &Report, details: &Details) -> Markup {
    html! {
        (table(report))
        @if details.traces.is_empty() { p { (no_traces(report)) } }
        @else {
            p {
                "Traces of the entries that went wrong"
                @if report.checks.iter().any(|check| check.ids.len() == Check::MOST_IDS) {
                    ", the first " (Check::MOST_IDS) " of each check; the history holds all"
                }
                ". The first " (LOGGED) " include log lines of the nodes."
            }
            @for trace in &details.traces { (draw_trace(trace)) }
        }
    }
}

fn no_traces(report: &Report) -> &'static str {
    match report.paths.values().any(|path| path.entries == Coverage::Checked) {
        true => "No lost, duplicated, unexpected or corrupted entries among those that were checked.",
        false => "No entries were checked.",
    }
}

fn table(report: &Report) -> Markup {
    let rows: [(&str, EntryCount); 5] = [
        ("lost: acknowledged and not stored", |path| path.lost),
        ("duplicated: stored more than once", |path| path.duplicated),
        ("unexpected: stored although failed or dropped", |path| path.unexpected),
        ("corrupted: stored with other data than was sent", |path| path.corrupted),
        ("recovered: stored with outcome info", |path| path.recovered),
    ];
    html! {
        div class="wide" tabindex="0" role="region" aria-label="Entries by path" {
            table {
                caption { "Entries compared with the stores after the run; \"n/a\" on a path that writes none" }
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

fn draw_trace(trace: &EntryTrace) -> Markup {
    html! {
        // Folded by the browser itself, since the page has no script.
        details class="way" {
            summary {
                strong { (trace.wrong.join(", ")) } " " code { (trace.id) }
                @if let Some(path) = &trace.path { " on " (path) }
            }
            ol class="events" {
                @for (at, what) in &trace.steps {
                    li { span class="at" { (at.map_or_else(String::new, seconds)) } " " (what) }
                }
            }
            @if !trace.log.is_empty() {
                p { "Log lines of the nodes around that time, at most " (LINES) " of each:" }
                pre { @for line in &trace.log { (log_line(line, &trace.id)) "\n" } }
            }
        }
    }
}

fn log_line(line: &LogLine, id: &str) -> Markup {
    let text = format!("{:>8}  {:<14} {}", seconds(line.at), line.node, line.text);
    // Lines of the same moment may belong to other operations; only those that name the entry are marked.
    html! { @if line.text.contains(id) { mark { (text) } } @else { (text) } }
}
