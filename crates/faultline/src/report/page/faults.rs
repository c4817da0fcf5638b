//! Each fault: when it was, what shows that it had its effect, and what became of every path before, during and after.

use maud::{Markup, html};

use super::super::details::Details;
use super::super::model::Report;
use super::format::{millis, quantile, seconds, share};
use crate::checker::{FaultFigures, OutcomeCounts};
use crate::history::{Evidence, NodeChange};

pub(super) fn draw(report: &Report, details: &Details) -> Markup {
    html! {
        @if report.faults.is_empty() { p { "There was none." } }
        @for fault in &report.faults { (one(fault)) }
        (nodes(details))
    }
}

fn one(fault: &FaultFigures) -> Markup {
    let at = |ms: Option<i64>| ms.map_or_else(|| "never".to_owned(), |ms| seconds(ms * 1000));
    html! {
        article class="fault" {
            h3 { "\u{26a1} " (fault.what) }
            dl class="facts" {
                div { dt { "Began" } dd { (at(Some(fault.from_ms))) } }
                div { dt { "Undone from" } dd { (at(fault.undo_ms)) } }
                div { dt { "All ready again" } dd { (at(fault.to_ms)) } }
                div { dt { "First sign after" } dd { (millis(fault.detect_ms)) } }
                div { dt { "All ready after the undoing" } dd { (millis(fault.ready_ms)) } }
            }
            ul class="evidence" { @for seen in &fault.evidence { (evidence(seen)) } }
            (phases(fault))
        }
    }
}

fn evidence(seen: &Evidence) -> Markup {
    html! {
        li class=(if seen.shown { "pass" } else { "fail" }) {
            span aria-hidden="true" { (if seen.shown { "\u{2713} " } else { "\u{2717} " }) }
            strong { (if seen.shown { "seen: " } else { "not seen: " }) }
            (seen.what)
        }
    }
}

fn phases(fault: &FaultFigures) -> Markup {
    html! {
        div class="wide" tabindex="0" role="region" aria-label=(format!("Phases of {}", fault.what)) {
            table {
                caption { "Every path before, during and after" }
                thead {
                    tr {
                        th scope="col" { "path" }
                        th scope="col" { "phase" }
                        @for title in ["offered", "ok", "fail", "info", "available", "p50 ms", "p99 ms", "max ms"] {
                            th scope="col" { (title) }
                        }
                        th scope="col" { "works again after" }
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
                                @if place == 0 { td rowspan="3" { (recovered(fault, path)) } }
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

fn recovered(fault: &FaultFigures, path: &str) -> String {
    fault.recover_ms.get(path).map_or_else(|| "does not depend on it".to_owned(), |ms| millis(*ms))
}

fn nodes(details: &Details) -> Markup {
    html! {
        @if !details.nodes.is_empty() {
            h3 { "What became of nodes" }
            ol class="events" {
                @for (at, node, change) in &details.nodes {
                    li { span class="at" { (seconds(*at)) } " " strong { (node) } " " (told(change)) }
                }
            }
        }
    }
}

fn told(change: &NodeChange) -> String {
    match change {
        NodeChange::Ready => "says that it is ready".to_owned(),
        NodeChange::NotReady(waits) => format!("says that it is not ready: {waits}"),
        NodeChange::Died(how) => format!("died though no fault ended it: {how}"),
        NodeChange::Lost(how) => format!("is out of sight: {how}"),
    }
}
