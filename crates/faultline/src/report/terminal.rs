//! The report for a terminal: figures of every path, faults with their times, checks, verdict.

use super::model::Report;
use super::style::Style;
use super::table::{entries, line, table};
use crate::checker::{Check, FaultFigures, OutcomeCounts, PathFigures};

/// The whole report as text, with a line break at its end.
#[must_use]
pub fn render(report: &Report, style: Style) -> String {
    let mut text = String::new();
    let title = style.bold(&report.scenario);
    line(&mut text, &format!("{title} (seed {}): {}", report.seed, report.shows));
    line(&mut text, "");
    paths(&mut text, report, style);
    for fault in &report.faults {
        line(&mut text, "");
        one_fault(&mut text, fault, style);
    }
    line(&mut text, "");
    checks(&mut text, report, style);
    line(&mut text, "");
    line(&mut text, &format!("{}  {}", style.verdict(report.verdict), report.why));
    line(&mut text, &style.dim(&format!("picture:    {}/report.html", report.folder)));
    line(&mut text, &style.dim(&format!("run folder: {}", report.folder)));
    text
}

fn paths(text: &mut String, report: &Report, style: Style) {
    let head = [
        "path",
        "offered",
        "sent",
        "ok",
        "fail",
        "info",
        "lost",
        "duplicated",
        "ok/s",
        "p50 ms",
        "p99 ms",
        "max ms",
    ];
    let rows: Vec<Vec<String>> = report.paths.iter().map(|(name, path)| row(name, path)).collect();
    table(text, &head, &rows, style);
}

fn row(name: &str, path: &PathFigures) -> Vec<String> {
    let OutcomeCounts { offered, sent, ok, fail, info, latency_ms, .. } = path.tally;
    let latency = |get: fn(crate::checker::Quantiles) -> f64| {
        latency_ms.map_or_else(|| "-".to_owned(), |quantiles| format!("{:.1}", get(quantiles)))
    };
    let mut row = vec![name.to_owned()];
    row.extend([offered, sent, ok, fail, info].map(|count| count.to_string()));
    row.extend([entries(path, |path| path.lost), entries(path, |path| path.duplicated)]);
    row.extend([format!("{:.1}", path.ok_per_s)]);
    row.extend([latency(|q| q.p50), latency(|q| q.p99), latency(|q| q.max)]);
    row
}

fn one_fault(text: &mut String, fault: &FaultFigures, style: Style) {
    let ms = |ms: Option<u64>| ms.map_or_else(|| "not seen".to_owned(), |ms| format!("{ms} ms"));
    let times = format!(
        "from {:.1} s to {}; first sign after {}, all ready {} after the undoing",
        fault.from_ms as f64 / 1000.0,
        fault.to_ms.map_or_else(|| "the end".to_owned(), |to| format!("{:.1} s", to as f64 / 1000.0)),
        ms(fault.detect_ms),
        ms(fault.ready_ms),
    );
    line(text, &format!("{}: {times}", style.bold(&fault.what)));
    for seen in &fault.evidence {
        line(text, &format!("  {} {}", if seen.shown { "seen:    " } else { "NOT seen:" }, seen.what));
    }
    let head =
        ["", "ok before", "ok during", "ok after", "p99 before", "p99 during", "p99 after", "works after"];
    let rows: Vec<Vec<String>> = fault
        .phases
        .iter()
        .map(|(path, phases)| {
            let of = [&phases.before, &phases.during, &phases.after];
            let mut row = vec![format!("  {path}")];
            row.extend(of.map(share));
            row.extend(of.map(p99));
            let recovered =
                fault.recover_ms.get(path).map_or_else(|| "not affected".to_owned(), |after| ms(*after));
            row.push(recovered);
            row
        })
        .collect();
    table(text, &head, &rows, style);
}

fn share(tally: &OutcomeCounts) -> String {
    match tally.offered {
        0 => "-".to_owned(),
        offered => format!("{}/{offered}", tally.ok),
    }
}

fn p99(tally: &OutcomeCounts) -> String {
    tally.latency_ms.map_or_else(|| "-".to_owned(), |quantiles| format!("{:.1}", quantiles.p99))
}

fn checks(text: &mut String, report: &Report, style: Style) {
    let longest = |length: fn(&Check) -> usize| report.checks.iter().map(length).max().unwrap_or(0);
    let (width, verdicts) = (longest(|check| check.name.len()), longest(|check| check.verdict.name().len()));
    for check in &report.checks {
        // Padded by hand: colours count as characters for a formatter.
        let pad = " ".repeat(verdicts - check.verdict.name().len());
        let verdict = style.verdict(check.verdict);
        line(
            text,
            &format!("{verdict}{pad} {name:<width$}  {detail}", name = check.name, detail = check.detail),
        );
        if let Some(ids) = check.first_ids() {
            line(text, &format!("{} {}", " ".repeat(verdicts), style.dim(&ids)));
        }
    }
}
