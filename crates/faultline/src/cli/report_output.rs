//! The forms of a run's report on standard output.

use clap::ValueEnum;

use super::exit::Failure;
use crate::report::{Report, annotations, junit, markdown, terminal};

/// Who reads the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportOutput {
    /// People
    Human,
    /// Programs: one JSON document, report.json
    Json,
    /// Readers of JUnit's XML: a test case for each check
    Junit,
    /// A GitHub workflow: annotations of what did not pass
    Github,
    /// People who read a pull request
    Markdown,
}

impl ReportOutput {
    /// The report in this form, with a line break at its end.
    ///
    /// # Errors
    /// A [`Failure`] where the form can't hold the report.
    pub fn render(self, report: &Report) -> Result<String, Failure> {
        match self {
            Self::Human => Ok(terminal::render(report, super::style())),
            Self::Json => super::json(report),
            Self::Junit => junit::render(report).map_err(Failure::internal),
            Self::Github => Ok(annotations::render(report)),
            Self::Markdown => Ok(markdown::render(report)),
        }
    }
}
