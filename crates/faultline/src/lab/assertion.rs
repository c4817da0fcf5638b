//! Assertions on a report, with a message that says what failed and where the whole report is.

use crate::checker::Verdict;
use crate::report::Report;

impl Report {
    /// Asserts that the verdict is `pass`.
    ///
    /// # Panics
    /// If it is not; the message names the checks that did not pass, the command that repeats the run, and its folder.
    #[track_caller]
    pub fn assert_pass(&self) {
        assert!(self.verdict == Verdict::Pass, "{}", self.failure());
    }

    /// Describes a run that did not pass: the verdict and its reason, each check that did not pass, how to repeat it.
    #[must_use]
    pub fn failure(&self) -> String {
        let checks = self.checks.iter().filter(|check| check.verdict != Verdict::Pass);
        let lines: Vec<String> =
            checks.map(|check| format!("  {} {}: {}", check.verdict, check.name, check.detail)).collect();
        format!(
            "{}: expected the verdict pass, found {}: {}\n{}\nseed {}; report: {}/report.html",
            self.scenario,
            self.verdict,
            self.why,
            lines.join("\n"),
            self.seed,
            self.folder
        )
    }
}
