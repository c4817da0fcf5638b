//! `faultline compare`: compares two loads or two runs, with confidence intervals.

use std::path::{Path, PathBuf};

use clap::Args;

use super::arguments::Output;
use super::exit::{Exit, Failure};
use super::output;
use crate::measure::{LoadResult, Second, compare};
use crate::report::compare::CompareReport;
use crate::report::runs::RunsReport;
use crate::runner::recorder::FILE as HISTORY;
use crate::runner::verdict;

/// Arguments of `faultline compare`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each measure has a 95 % confidence interval, from resampling the seconds (bootstrap). A difference is significant if its \
interval excludes 0. Two runs are compared as a whole, and during and after each fault that both have, with their \
verdicts, entries and times. A warning names each condition that differs: machine, version or schedule.")]
pub struct Compare {
    /// Folder of the first load or run, the baseline
    first: PathBuf,
    /// Folder of the second load or run
    second: PathBuf,
    /// Form of the comparison
    #[arg(long, value_enum, default_value_t = Output::Human)]
    output: Output,
}

impl Compare {
    /// Runs the command.
    ///
    /// # Errors
    /// A [`Failure`] of usage for a folder without a load or a run.
    pub fn perform(self) -> Result<Exit, Failure> {
        // Only a run has a history; a load has figures of its seconds.
        match [&self.first, &self.second].map(|folder| folder.join(HISTORY).is_file()) {
            [true, true] => self.runs(),
            [false, false] => self.loads(),
            [first, _] => {
                let (run, load) =
                    if first { (&self.first, &self.second) } else { (&self.second, &self.first) };
                let (run, load) = (run.display(), load.display());
                Err(Failure::usage(format!(
                    "expected two runs or two loads, found the run {run} and the load {load}"
                )))
            }
        }
    }

    fn runs(&self) -> Result<Exit, Failure> {
        let read = |folder: &Path| verdict::read(folder).map_err(Failure::usage);
        let (first, second) = (read(&self.first)?, read(&self.second)?);
        let report = RunsReport::new((&first.0, &first.1), (&second.0, &second.1));
        output::print(match self.output {
            Output::Human => report.render(output::style()),
            Output::Json => output::json(&report)?,
        })?;
        Ok(Exit::Pass)
    }

    fn loads(&self) -> Result<Exit, Failure> {
        let (first, second) = (read(&self.first)?, read(&self.second)?);
        // A fixed seed of the resampling: the same folders always give the same intervals.
        let comparisons = compare::compare(&first.1, &second.1, 1);
        if comparisons.is_empty() {
            return Err(Failure::usage("the two loads have no path in common"));
        }
        let report = CompareReport::new(&first.0, &second.0, comparisons);
        output::print(match self.output {
            Output::Human => report.render(output::style()),
            Output::Json => output::json(&report)?,
        })?;
        Ok(Exit::Pass)
    }
}

fn read(folder: &Path) -> Result<(LoadResult, Vec<Second>), Failure> {
    let file = |name: &str| {
        let path = folder.join(name);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Failure::usage(format!("{}: expected the folder of a load: {name}: {error}", folder.display()))
        })?;
        Ok::<_, Failure>((path, text))
    };
    let bad = |path: &Path, line: usize, error: &serde_json::Error| {
        Failure::usage(format!("{}:{line}: {error}", path.display()))
    };
    let (path, text) = file("load.json")?;
    let result: LoadResult = serde_json::from_str(&text).map_err(|error| bad(&path, error.line(), &error))?;
    let (path, text) = file("seconds.jsonl")?;
    let line = |(number, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| bad(&path, number + 1, &error))
    };
    Ok((result, text.lines().enumerate().map(line).collect::<Result<_, _>>()?))
}
