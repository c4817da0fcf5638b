//! The report of a run as one page that needs nothing else: `report.html`.
//!
//! | module | what it draws |
//! | --- | --- |
//! | `verdict` | the verdict, why, and how to repeat it |
//! | `system` | nodes and links, with what was faulty |
//! | `layout` | where nodes stand |
//! | `time_chart` | what became of a path's operations, second by second |
//! | `axis` | where ticks are |
//! | `slices` | seconds put together until they can be seen |
//! | `faults` | each fault: times, evidence, phases |
//! | `entries` | the entries in question and their ways |
//! | `figures` | tables of paths, checks and the environment |
//! | `format` | times and numbers as people read them |

mod axis;
mod entries;
mod faults;
mod figures;
mod format;
mod layout;
mod slices;
mod system;
mod time_chart;
mod verdict;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::details::Details;
use super::model::Report;

const STYLE: &str = include_str!("style.css");

/// The whole page. It loads nothing and runs nothing.
#[must_use]
pub fn render(report: &Report, details: &Details) -> String {
    let title = format!("{}: {}", report.verdict, report.scenario);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (verdict::draw(report))
                main {
                    (section("system", "The system", system::draw(report, details)))
                    (section("time", "What became of every operation", charts(report, details)))
                    (section("faults", "Faults", faults::draw(report, details)))
                    (section("entries", "Entries", entries::draw(report, details)))
                    (section("checks", "Checks", figures::checks(report)))
                    (section("environment", "Environment", figures::environment(report)))
                }
                footer { "faultline " (details.run.faultline) ", run " (report.run) ", " (report.folder) }
            }
        }
    }
    .into_string()
}

fn section(id: &str, title: &str, content: Markup) -> Markup {
    html! {
        section id=(id) aria-labelledby=(format!("{id}-title")) {
            h2 id=(format!("{id}-title")) { (title) }
            (content)
        }
    }
}

fn charts(report: &Report, details: &Details) -> Markup {
    let span = slices::Span::of(report, details);
    html! {
        (figures::paths(report))
        (time_chart::patterns())
        @if report.paths.is_empty() { p { "No path was loaded." } }
        @for path in report.paths.keys() {
            (time_chart::draw(path, report, &slices::of(path, &details.seconds, span), span))
        }
    }
}

#[cfg(test)]
mod tests;
