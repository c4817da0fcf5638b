//! The report of a run as one self-contained page: `report.html`.
//!
//! | module | content |
//! | --- | --- |
//! | `verdict` | the verdict, why, and how to repeat it |
//! | `pictures` | pictures of the system and of every path, with their figures |
//! | `svg` | drawings as SVG |
//! | `faults` | each fault: times, evidence, before, during and after |
//! | `entries` | counts of entries, traces of those that went wrong |
//! | `figures` | tables of paths, checks and the environment |
//! | `format` | times and numbers as people read them |

mod entries;
mod faults;
mod figures;
mod format;
mod pictures;
mod svg;
mod verdict;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::details::Details;
use super::model::Report;

const STYLE: &str = include_str!("style.css");

/// Styles of pictures, which the live lab shares.
const PICTURE_STYLE: &str = include_str!("../../../../../client/src/picture/picture.css");

/// Writes the whole page. It loads nothing and runs no script, so that it can be opened from any archive of CI artefacts.
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
                // Texts of the system under test stand on the page. Even if one were not escaped, nothing could run
                // or load.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (title) }
                // Not escaped: in HTML the content of this element is raw text, and an entity would break a
                // selector.
                style { (PreEscaped(STYLE)) (PreEscaped(PICTURE_STYLE)) }
            }
            body {
                (verdict::draw(report))
                main {
                    (section("system", "The system", pictures::system(details)))
                    (section("time", "Operations over time", pictures::charts(report, details)))
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

#[cfg(test)]
mod tests;
