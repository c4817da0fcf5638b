//! `faultline report`: judges the history in the folder of an old run again.

use std::path::PathBuf;

use clap::Args;

use super::exit::{Exit, Failure};
use super::output;
use super::report_output::ReportOutput;
use crate::runner::folder::verdict;

/// `faultline report`.
#[derive(Debug, Args)]
pub struct ReportVerb {
    /// The folder of the run
    run: PathBuf,
    /// Who reads the report
    #[arg(long, value_enum, default_value_t = ReportOutput::Human)]
    output: ReportOutput,
}

impl ReportVerb {
    /// Does it; the exit code is that of the verdict.
    ///
    /// # Errors
    /// A [`Failure`] of usage when the folder holds no history that can be read.
    pub fn perform(self) -> Result<Exit, Failure> {
        let report = verdict::judge(&self.run).map_err(Failure::usage)?;
        output::print(self.output.render(&report)?)?;
        Ok(report.verdict.into())
    }
}
