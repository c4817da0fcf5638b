//! Nodes and links from left to right, with what was faulty marked.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::super::details::Details;
use super::super::model::Report;
use super::layout::{self, Edges};
use crate::history::event::SystemInfo;

/// Width and height of a node.
const BOX: (f64, f64) = (128.0, 40.0);
/// From the left of a node to that of the next, and from the top to that of the next.
const STEP: (f64, f64) = (200.0, 76.0);
/// Around everything.
const MARGIN: f64 = 28.0;
/// Where load comes from.
const LOAD: &str = "load";

pub(super) fn draw(report: &Report, details: &Details) -> Markup {
    let system = &details.run.system;
    if system.nodes.is_empty() {
        return html! { p { "This run's history does not tell its nodes and links: an earlier version wrote it." } };
    }
    let faulty = faulty(details);
    let places = places(system);
    let most = |get: fn(&(f64, f64)) -> f64| places.values().map(get).fold(0.0, f64::max);
    let (width, height) = (most(|at| at.0) + BOX.0 + MARGIN, most(|at| at.1) + BOX.1 + MARGIN);
    let told: Vec<String> = report.faults.iter().map(|fault| fault.what.clone()).collect();
    html! {
        figure class="system" {
            svg viewBox=(format!("0 0 {width} {height}")) style=(format!("max-width: {width}px")) role="img"
                aria-labelledby="system-says" {
                title id="system-says" { (says(system, &told)) }
                @for (from, to) in edges(system) {
                    (link(&places, &from, &to, faulty.get(&format!("{from}->{to}"))))
                }
                @for (name, at) in &places { (node(name, *at, faulty.get(name))) }
            }
            figcaption {
                @if told.is_empty() { "Nothing was made faulty." }
                @else { "Thick and dashed, with \u{26a1}: what was made faulty (" (told.join("; ")) ")." }
            }
        }
    }
}

fn says(system: &SystemInfo, faults: &[String]) -> String {
    let nodes: Vec<&str> = system.nodes.iter().map(String::as_str).collect();
    let links: Vec<&str> = system.links.iter().map(String::as_str).collect();
    let faults = if faults.is_empty() { "none".to_owned() } else { faults.join("; ") };
    format!("Nodes: {}. Links: {}. Faults: {faults}.", nodes.join(", "), links.join(", "))
}

/// What was done to each node and each link (`from->to`).
fn faulty(details: &Details) -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut faulty: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    for fault in &details.run.schedule.faults {
        for target in fault.targets() {
            faulty.entry(short(&target).to_owned()).or_default().insert(fault.kind.name());
        }
    }
    faulty
}

/// `from->to` of `from->to:port`.
fn short(link: &str) -> &str {
    match (link.contains("->"), link.rsplit_once(':')) {
        (true, Some((short, _))) => short,
        _ => link,
    }
}

/// Links, each once, whatever its ports, and where load comes in.
fn edges(system: &SystemInfo) -> Edges {
    let pair =
        |link: &String| short(link).split_once("->").map(|(from, to)| (from.to_owned(), to.to_owned()));
    let entries = system.entries.iter().map(|node| (LOAD.to_owned(), node.clone()));
    system.links.iter().filter_map(pair).chain(entries).collect()
}

/// The top left of every node.
fn places(system: &SystemInfo) -> BTreeMap<String, (f64, f64)> {
    let names = system.nodes.iter().cloned().chain((!system.entries.is_empty()).then(|| LOAD.to_owned()));
    let places = layout::places(&names.collect::<Vec<_>>(), &edges(system));
    let place = |(left, top): (f64, f64)| (MARGIN + left * STEP.0, MARGIN + top * STEP.1);
    places.into_iter().map(|(name, at)| (name, place(at))).collect()
}

fn node(name: &str, (left, top): (f64, f64), fault: Option<&BTreeSet<&'static str>>) -> Markup {
    let class = match (name == LOAD, fault) {
        (true, _) => "node load",
        (false, Some(_)) => "node faulty",
        (false, None) => "node",
    };
    html! {
        g class=(class) {
            rect x=(left) y=(top) width=(BOX.0) height=(BOX.1) rx="8" {}
            text x=(left + BOX.0 / 2.0) y=(top + BOX.1 / 2.0 + 4.0) text-anchor="middle" { (name) }
            @if let Some(kinds) = fault {
                text class="mark" x=(left + BOX.0 / 2.0) y=(top + BOX.1 + 15.0) text-anchor="middle" { (mark(kinds)) }
            }
        }
    }
}

fn mark(kinds: &BTreeSet<&'static str>) -> String {
    format!("\u{26a1} {}", kinds.iter().copied().collect::<Vec<_>>().join(", "))
}

fn link(
    places: &BTreeMap<String, (f64, f64)>,
    from: &str,
    to: &str,
    fault: Option<&BTreeSet<&'static str>>,
) -> Markup {
    let (Some(a), Some(b)) = (places.get(from), places.get(to)) else { return html! {} };
    let start = (a.0 + BOX.0, a.1 + BOX.1 / 2.0);
    let end = (b.0, b.1 + BOX.1 / 2.0);
    // A link that goes back, or within its column, leaves and enters beside the boxes all the same.
    let bend = ((end.0 - start.0) / 2.0).max(36.0);
    let curve = format!(
        "M{} {}C{} {} {} {} {} {}",
        start.0,
        start.1,
        start.0 + bend,
        start.1,
        end.0 - bend,
        end.1,
        end.0 - 7.0,
        end.1
    );
    let head = format!("M{} {}l-9 -5v10z", end.0, end.1);
    let middle = ((start.0 + end.0) / 2.0, (start.1 + end.1) / 2.0);
    html! {
        g class=(if fault.is_some() { "link faulty" } else { "link" }) {
            title { (from) " to " (to) }
            path class="line" d=(curve) {}
            path class="head" d=(head) {}
            @if let Some(kinds) = fault {
                text class="mark" x=(middle.0) y=(middle.1 - 6.0) text-anchor="middle" { (mark(kinds)) }
            }
        }
    }
}
