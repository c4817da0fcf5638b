//! The verdict, why, and how to repeat it: what a reader must see first.

use maud::{Markup, html};

use super::super::model::Report;
use super::super::words;
use crate::checker::Verdict;

pub(super) fn draw(report: &Report) -> Markup {
    html! {
        header class=(class(report.verdict)) {
            p class="verdict" {
                span class="sign" aria-hidden="true" { (sign(report.verdict)) }
                (report.verdict)
            }
            div {
                h1 { (report.scenario) }
                @if !report.shows.is_empty() { p class="shows" { (report.shows) } }
                p class="why" { (report.why) }
                dl class="facts" {
                    div { dt { (words::REPEAT) } dd { code { (report.repeat()) } } }
                    div { dt { "Started" } dd { time datetime=(report.started) { (report.started) } } }
                    div { dt { "Provider" } dd { (report.provider) ", ready in " (report.ready_ms) " ms" } }
                    div { dt { "Drain" } dd { (drained(report)) } }
                }
            }
        }
    }
}

/// Returns the class of a verdict in the style sheet.
pub(super) fn class(verdict: Verdict) -> String {
    verdict.name().replace(' ', "-")
}

/// Returns the sign of a verdict, so that nobody depends on its colour.
pub(super) fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "\u{2713}",
        Verdict::NotChecked => "\u{2013}",
        Verdict::Unknown => "?",
        Verdict::Fail => "\u{2717}",
    }
}

fn drained(report: &Report) -> String {
    // The drain shows how much work was still in queues, which latencies do not.
    report.drain_ms.map_or_else(
        || "unknown".to_owned(),
        |ms| format!("all acknowledged entries stored {} after load and faults ended", words::time(ms)),
    )
}
