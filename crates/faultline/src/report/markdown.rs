//! The report as Markdown, for the summary of a pull request.

use super::model::Report;
use super::table::{entries, line};
use super::words;
use crate::checker::{Check, FaultFigures, PathFigures, Verdict};

/// Writes the whole summary.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    let sign = sign(report.verdict);
    line(&mut text, &format!("### {sign} {}: {}", escape(&report.scenario), report.verdict));
    line(&mut text, "");
    line(&mut text, &format!("{}.", escape(&report.why)));
    line(&mut text, "");
    paths(&mut text, report);
    for fault in &report.faults {
        line(&mut text, &fault_item(fault));
    }
    line(&mut text, "");
    for check in &report.checks {
        line(&mut text, &check_item(check));
    }
    line(&mut text, "");
    // A backtick within would end the code span.
    line(&mut text, &format!("{}: `{}`", words::REPEAT, report.repeat().replace('`', "'")));
    text
}

fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "\u{2705}",
        Verdict::NotChecked => "\u{26aa}",
        Verdict::Unknown => "\u{2754}",
        Verdict::Fail => "\u{274c}",
    }
}

fn paths(text: &mut String, report: &Report) {
    line(text, &format!("| {} |", words::PATHS_SHORT.join(" | ")));
    line(text, &format!("| ---{} |", " | ---:".repeat(words::PATHS_SHORT.len() - 1)));
    for (name, path) in &report.paths {
        line(text, &row(name, path));
    }
    line(text, "");
}

fn row(name: &str, path: &PathFigures) -> String {
    let latency = path.tally.latency_ms.map(|latency| (latency.p50, latency.p99));
    let (p50, p99) = latency
        .map_or(("-".to_owned(), "-".to_owned()), |(p50, p99)| (format!("{p50:.1}"), format!("{p99:.1}")));
    let crate::checker::OutcomeCounts { offered, ok, fail, info, .. } = path.tally;
    let (lost, duplicated) = (entries(path, |path| path.lost), entries(path, |path| path.duplicated));
    format!(
        "| {} | {offered} | {ok} | {fail} | {info} | {lost} | {duplicated} | {p50} | {p99} |",
        escape(name)
    )
}

fn fault_item(fault: &FaultFigures) -> String {
    let times = [words::active(fault), words::detected(fault), words::nodes_ready(fault)].join(", ");
    format!("- \u{26a1} **{}** {times}", escape(&fault.what))
}

fn check_item(check: &Check) -> String {
    let Check { name, verdict, detail, .. } = check;
    let note = if *verdict == Verdict::NotChecked { " (not checked)" } else { "" };
    format!("- {} {name}{note}: {}", sign(*verdict), escape(detail))
}

/// Escapes a text, so that nothing in it is markup or ends the cell of a table.
fn escape(text: &str) -> String {
    // Texts come from answers and logs of the system under test. In a pull request they must not become markup.
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' => escaped.push(' '),
            '<' => escaped.push_str("&lt;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_text_is_shown_and_not_heeded() {
        assert_eq!(
            escape("a|b\n<img src=x> [l](u) `c` *d*"),
            "a\\|b &lt;img src=x> \\[l\\](u) \\`c\\` \\*d\\*"
        );
    }
}
