//! Tables of paths, checks and the environment.

use maud::{Markup, html};

use super::super::model::Report;
use super::format::{number, quantile};
use super::verdict::{class, sign};

pub(super) fn paths(report: &Report) -> Markup {
    html! {
        div class="wide" tabindex="0" role="region" aria-label="Figures of every path" {
            table {
                caption { "All operations of each path; latency counts from when one was due" }
                thead {
                    tr {
                        @for title in [
                            "path", "offered", "sent", "dropped", "ok", "fail", "info", "ok/s", "p50 ms", "p99 ms", "max ms",
                        ] { th scope="col" { (title) } }
                    }
                }
                tbody {
                    @for (name, path) in &report.paths {
                        @let tally = &path.tally;
                        tr {
                            th scope="row" { (name) }
                            @for count in [tally.offered, tally.sent, tally.dropped, tally.ok, tally.fail, tally.info] {
                                td { (count) }
                            }
                            td { (number(path.ok_per_s)) }
                            td { (quantile(tally, |q| q.p50)) }
                            td { (quantile(tally, |q| q.p99)) }
                            td { (quantile(tally, |q| q.max)) }
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn checks(report: &Report) -> Markup {
    html! {
        table class="checks" {
            caption { "The verdict is the worst of these" }
            thead { tr { th scope="col" { "answer" } th scope="col" { "question" } th scope="col" { "what was seen" } } }
            tbody {
                @for check in &report.checks {
                    tr class=(class(check.verdict)) {
                        td { span aria-hidden="true" { (sign(check.verdict)) " " } (check.verdict) }
                        th scope="row" { (check.name) }
                        td { (check.detail) @if let Some(ids) = check.first_ids() { br; code { (ids) } } }
                    }
                }
            }
        }
    }
}

pub(super) fn environment(report: &Report) -> Markup {
    html! {
        table {
            caption { "What ran where" }
            tbody { @for (name, value) in &report.environment { tr { th scope="row" { (name) } td { (value) } } } }
        }
    }
}
