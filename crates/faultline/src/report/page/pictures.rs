//! Pictures of the system and of every path, with the figures of each bar in a table.

use maud::{Markup, html};

use super::super::details::Details;
use super::super::model::Report;
use super::format::number;
use super::{figures, svg};
use crate::picture::{self, Bar, FaultKinds, PathChart, SystemLink, SystemNode, TimeSpan};

/// Width of a chart.
const WIDTH: f64 = 960.0;

/// Draws nodes and links with the faults that they had.
pub(super) fn system(details: &Details) -> Markup {
    let system = &details.run.system;
    if system.nodes.is_empty() {
        return html! { p { "The history of this run does not list nodes and links: an earlier version wrote it." } };
    }
    let kinds = FaultKinds::new(&details.run.schedule.faults);
    let node =
        |name: &String| SystemNode { name: name.clone(), faults: kinds.of(name), ..SystemNode::default() };
    let link =
        |name: &String| SystemLink { name: name.clone(), faults: kinds.of(name), ..SystemLink::default() };
    let nodes: Vec<SystemNode> = system.nodes.iter().map(node).collect();
    let links: Vec<SystemLink> = system.links.iter().map(link).collect();
    html! {
        figure class="system" {
            (svg::draw(&picture::system(&nodes, &links, &system.entries)))
            figcaption {
                @if details.run.schedule.faults.is_empty() { "No faults injected." }
                @else { "Dashed, with \u{26a1}: fault injected." }
            }
        }
    }
}

/// Draws a chart of each path, below the figures of all.
pub(super) fn charts(report: &Report, details: &Details) -> Markup {
    let (seconds, faults) = (&details.over_time, &details.faults);
    let planned = details.run.schedule.ends() as f64 / 1e6;
    let span = TimeSpan::finished(seconds, faults, planned);
    html! {
        (figures::paths(report))
        @if report.paths.is_empty() { p { "No path was loaded." } }
        @else { p class="legend" { (picture::LEGEND) } }
        (svg::patterns(&picture::patterns()))
        @for path in report.paths.keys() {
            @let bars = picture::bars::bars(path, seconds, span);
            @let chart = PathChart { path, bars: &bars, faults, span, width: WIDTH };
            figure class="chart" {
                figcaption { strong { (path) } }
                (svg::draw(&picture::chart(&chart)))
                (table(path, &bars))
            }
        }
    }
}

fn table(path: &str, bars: &[Bar]) -> Markup {
    html! {
        details {
            summary { "Figures" }
            table {
                caption { (path) ", by the second in which operations were due" }
                thead {
                    tr {
                        th scope="col" { "from" }
                        @for title in ["offered", "ok", "fail", "info", "dropped", "p50 ms", "p99 ms", "max ms"] {
                            th scope="col" { (title) }
                        }
                    }
                }
                tbody {
                    @for bar in bars {
                        @let counts = bar.counts;
                        tr {
                            th scope="row" { (bar.from) " s" }
                            @for count in [counts.offered, counts.ok, counts.fail, counts.info, counts.dropped] {
                                td { (count) }
                            }
                            @for latency in [bar.p50, bar.p99, bar.max] {
                                td { (latency.map_or_else(|| "-".to_owned(), number)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
