//! `faultline report`: judges the history of an earlier run again.

use std::path::PathBuf;

use clap::Args;

use super::exit::{Exit, Failure};
use super::output;
use super::report_output::ReportOutput;
use crate::runner::verdict;

/// Arguments of `faultline report`.
#[derive(Debug, Args)]
pub struct ReportVerb {
    /// Folder of the run
    run: PathBuf,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = ReportOutput::Human)]
    output: ReportOutput,
}

impl ReportVerb {
    /// Runs the command. The exit code is that of the verdict.
    ///
    /// # Errors
    /// A [`Failure`] of usage if the folder has no readable history.
    pub fn perform(self) -> Result<Exit, Failure> {
        let report = verdict::judge(&self.run).map_err(Failure::usage)?;
        output::print(self.output.render(&report)?)?;
        Ok(report.verdict.into())
    }
}
