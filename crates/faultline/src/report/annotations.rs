//! The report as annotations of a GitHub workflow: what did not pass, and the verdict.

use super::model::Report;
use super::table::line;
use super::words;
use crate::checker::Verdict;

/// Writes one workflow command a line.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    // Checks that passed have none: GitHub shows only the first ten annotations of a kind from a step.
    for check in report.checks.iter().filter(|check| check.verdict != Verdict::Pass) {
        let title = format!("{}: {} ({})", report.scenario, check.name, check.verdict);
        line(&mut text, &command(level(check.verdict), &title, &check.detail));
    }
    let title = format!("{}: {}", report.scenario, report.verdict);
    let message = format!("{}\n{}: {}", report.why, words::REPEAT, report.repeat());
    line(&mut text, &command(level(report.verdict), &title, &message));
    text
}

fn level(verdict: Verdict) -> &'static str {
    match verdict {
        // A notice does not alarm: a check that was not made claims nothing.
        Verdict::Pass | Verdict::NotChecked => "notice",
        Verdict::Unknown => "warning",
        Verdict::Fail => "error",
    }
}

/// Formats a workflow command. Characters that would end a part of it are written as their numbers, or a text could
/// issue commands of its own.
fn command(level: &str, title: &str, message: &str) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = data(title).replace(':', "%3A").replace(',', "%2C");
    format!("::{level} title={property}::{}", data(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_ends_a_command() {
        let text = command("error", "a: 100 %, b", "one\n::notice::two\r");
        assert_eq!(text, "::error title=a%3A 100 %25%2C b::one%0A::notice::two%0D");
    }
}
