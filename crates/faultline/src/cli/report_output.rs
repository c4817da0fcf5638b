//! Forms of a run's report on standard output.

use clap::ValueEnum;

use super::exit::Failure;
use super::output;
use crate::report::{Report, annotations, junit, markdown, terminal};

/// Form of the report on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportOutput {
    /// Text for people
    Human,
    /// One JSON document, report.json
    Json,
    /// JUnit's XML, with a test case for each check
    Junit,
    /// Annotations of a GitHub workflow for checks that did not pass
    Github,
    /// Markdown for the summary of a pull request
    Markdown,
}

impl ReportOutput {
    /// Renders the report in this form, with a line break at its end.
    ///
    /// # Errors
    /// A [`Failure`] if the form cannot hold the report.
    pub fn render(self, report: &Report) -> Result<String, Failure> {
        match self {
            Self::Human => Ok(terminal::render(report, output::style())),
            Self::Json => output::json(report),
            Self::Junit => junit::render(report).map_err(Failure::internal),
            Self::Github => Ok(annotations::render(report)),
            Self::Markdown => Ok(markdown::render(report)),
        }
    }
}
