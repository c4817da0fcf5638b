//! Each fault: its times, its evidence, and the figures of every path before, during and after it. Events of nodes.

use maud::{Markup, html};

use super::super::details::Details;
use super::super::model::Report;
use super::super::words;
use super::format::{quantile, seconds, share};
use crate::checker::{FaultFigures, OutcomeCounts};
use crate::history::{Evidence, NodeChange};

pub(super) fn draw(report: &Report, details: &Details) -> Markup {
    html! {
        @if report.faults.is_empty() { p { "No faults were injected." } }
        @for fault in &report.faults { (draw_fault(fault)) }
        (nodes(details))
    }
}

fn draw_fault(fault: &FaultFigures) -> Markup {
    let at = |ms: Option<i64>| ms.map_or_else(|| "never".to_owned(), |ms| seconds(ms * 1000));
    html! {
        article class="fault" {
            h3 { "\u{26a1} " (fault.what) }
            dl class="facts" {
                div { dt { "Injected at" } dd { (at(Some(fault.from_ms))) } }
                div { dt { "Healed at" } dd { (at(fault.heal_ms)) } }
                div { dt { "All nodes ready at" } dd { (at(fault.to_ms)) } }
                div { dt { "Time to detect" } dd { (time(fault.detect_ms, words::NOT_DETECTED)) } }
                div { dt { "Time until all nodes were ready" } dd { (time(fault.ready_ms, "not observed")) } }
            }
            ul class="evidence" { @for item in &fault.evidence { (evidence(item)) } }
            (phases(fault))
        }
    }
}

/// Formats a time in milliseconds, or the phrase for one that is missing.
fn time(ms: Option<u64>, missing: &str) -> String {
    ms.map_or_else(|| missing.to_owned(), words::time)
}

fn evidence(item: &Evidence) -> Markup {
    html! {
        li class=(if item.shown { "pass" } else { "fail" }) {
            span aria-hidden="true" { (if item.shown { "\u{2713} " } else { "\u{2717} " }) }
            strong { (if item.shown { words::EVIDENCE } else { words::NO_EVIDENCE }) ": " }
            (item.what)
        }
    }
}

fn phases(fault: &FaultFigures) -> Markup {
    html! {
        div class="wide" tabindex="0" role="region" aria-label=(format!("Figures around {}", fault.what)) {
            table {
                caption { "Every path before, during and after the fault" }
                thead {
                    tr {
                        th scope="col" { "path" }
                        th scope="col" { "part" }
                        @for title in ["offered", "ok", "fail", "info", "available", "p50 ms", "p99 ms", "max ms"] {
                            th scope="col" { (title) }
                        }
                        th scope="col" { "time to recover" }
                    }
                }
                @for (path, phases) in &fault.phases {
                    tbody {
                        @for (place, (phase, tally)) in
                            [("before", &phases.before), ("during", &phases.during), ("after", &phases.after)]
                            .into_iter().enumerate() {
                            tr {
                                @if place == 0 { th scope="rowgroup" rowspan="3" { (path) } }
                                th scope="row" { (phase) }
                                (cells(tally))
                                @if place == 0 { td rowspan="3" { (words::time_to_recover(fault, path)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn cells(tally: &OutcomeCounts) -> Markup {
    html! {
        @for count in [tally.offered, tally.ok, tally.fail, tally.info] { td { (count) } }
        td { (share(tally)) }
        td { (quantile(tally, |q| q.p50)) }
        td { (quantile(tally, |q| q.p99)) }
        td { (quantile(tally, |q| q.max)) }
    }
}

fn nodes(details: &Details) -> Markup {
    html! {
        @if !details.nodes.is_empty() {
            h3 { "Events of nodes" }
            ol class="events" {
                @for (at, node, change) in &details.nodes {
                    li { span class="at" { (seconds(*at)) } " " strong { (node) } " " (describe(change)) }
                }
            }
        }
    }
}

fn describe(change: &NodeChange) -> String {
    match change {
        NodeChange::Ready => "is ready".to_owned(),
        NodeChange::NotReady(waits) => format!("is not ready: {waits}"),
        NodeChange::Died(how) => format!("died without a fault: {how}"),
        NodeChange::Lost(how) => format!("is unreachable: {how}"),
    }
}
