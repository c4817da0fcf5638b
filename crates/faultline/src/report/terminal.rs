//! The report for a terminal: figures of every path, faults with their times, checks, verdict.

use super::model::Report;
use super::style::Style;
use super::table::{entries, line, table};
use super::words;
use crate::checker::{Check, FaultFigures, OutcomeCounts, PathFigures};
use crate::history::Evidence;

/// Width of a line of evidence after which the next piece begins a new line, in characters.
const EVIDENCE_WIDTH: usize = 100;

/// Writes the whole report as text, with a line break at its end.
#[must_use]
pub fn render(report: &Report, style: Style) -> String {
    let mut text = String::new();
    let title = style.bold(&report.scenario);
    line(&mut text, &format!("{title} (seed {}): {}", report.seed, report.shows));
    line(&mut text, "");
    paths(&mut text, report, style);
    for fault in &report.faults {
        line(&mut text, "");
        write_fault(&mut text, fault, style);
    }
    line(&mut text, "");
    checks(&mut text, report, style);
    line(&mut text, "");
    line(&mut text, &format!("{}  {}", style.verdict(report.verdict), report.why));
    line(&mut text, &style.dim(&format!("{}  {}/report.html", words::REPORT, report.folder)));
    text
}

fn paths(text: &mut String, report: &Report, style: Style) {
    // Dropped operations have no column here: they are offered minus sent, and the page lists them.
    let rows: Vec<Vec<String>> = report.paths.iter().map(|(name, path)| row(name, path)).collect();
    table(text, &words::PATHS, &rows, style);
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

fn write_fault(text: &mut String, fault: &FaultFigures, style: Style) {
    let times = [words::active(fault), words::detected(fault), words::nodes_ready(fault)].join("   ");
    line(text, &format!("{}   {times}", style.bold(&fault.what)));
    // The labels share the first column with the paths.
    let window = words::window(fault);
    let labels = [
        (words::EVIDENCE, pieces(fault, true)),
        (words::NO_EVIDENCE, pieces(fault, false)),
        (words::WINDOW, vec![window.as_str()]),
    ];
    let labels: Vec<_> = labels.into_iter().filter(|(_, pieces)| !pieces.is_empty()).collect();
    let names = fault.phases.keys().map(|path| path.chars().count());
    let width = names.chain(labels.iter().map(|(label, _)| label.len())).max().unwrap_or(0);
    for (label, pieces) in &labels {
        write_pieces(text, label, pieces, width);
    }
    let first = " ".repeat(width + 2);
    let mut head = vec![first.as_str()];
    head.extend(words::FAULT);
    let rows: Vec<Vec<String>> = fault
        .phases
        .iter()
        .map(|(path, phases)| {
            let parts = [&phases.before, &phases.during, &phases.after];
            let mut row = vec![format!("  {path}")];
            row.extend(parts.map(share));
            row.extend(parts.map(p99));
            row.push(words::time_to_recover(fault, path));
            row
        })
        .collect();
    table(text, &head, &rows, style);
}

/// Lists what was shown, or what was not.
fn pieces(fault: &FaultFigures, shown: bool) -> Vec<&str> {
    let of_kind = |evidence: &&Evidence| evidence.shown == shown;
    fault.evidence.iter().filter(of_kind).map(|evidence| evidence.what.as_str()).collect()
}

/// Writes pieces of evidence as one sentence, in as many lines as it needs.
fn write_pieces(text: &mut String, label: &str, pieces: &[&str], width: usize) {
    let mut lines: Vec<String> = Vec::new();
    for piece in pieces {
        match lines.last_mut().filter(|last| last.chars().count() + piece.chars().count() < EVIDENCE_WIDTH) {
            Some(last) => *last += &format!("; {piece}"),
            None => lines.push((*piece).to_owned()),
        }
    }
    for (number, piece) in lines.iter().enumerate() {
        let label = if number == 0 { label } else { "" };
        line(text, &format!("  {label:<width$}  {piece}"));
    }
}

fn share(tally: &OutcomeCounts) -> String {
    // A dash, since a zero would claim that operations were due and failed.
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
        // The first ids lead from the verdict to the traces on the page and to the history.
        if let Some(ids) = check.first_ids() {
            line(text, &format!("{} {}", " ".repeat(verdicts), style.dim(&ids)));
        }
    }
}
