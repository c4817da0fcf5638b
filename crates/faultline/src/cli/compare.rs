//! `faultline compare`: two loads or two runs side by side, with intervals.

use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{Exit, Failure};
use super::{Output, output};
use crate::measure::{LoadResult, Second, compare};
use crate::report::compare::CompareReport;
use crate::report::runs::RunsReport;
use crate::runner::folder::verdict;
use crate::runner::recorder::FILE as HISTORY;

/// `faultline compare`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each measure has an interval of 95 % from drawing the seconds anew (bootstrap). A difference whose interval leaves
out 0 is marked; of the others chance may be the reason. Two runs are compared as a whole and during and after each
fault that both have, with their verdicts, stores and times. Other machines, versions or schedules are compared
too, and the difference is told.")]
pub struct Compare {
    /// The folder of the first load or run, which the second is compared with
    first: PathBuf,
    /// The folder of the second
    second: PathBuf,
    /// Who reads the comparison
    #[arg(long, value_enum, default_value_t = Output::Human)]
    output: Output,
}

impl Compare {
    /// Does it.
    ///
    /// # Errors
    /// A [`Failure`] of usage for a folder that holds neither a load nor a run.
    pub fn perform(self) -> Result<Exit, Failure> {
        match [&self.first, &self.second].map(|folder| folder.join(HISTORY).is_file()) {
            [true, true] => self.runs(),
            [false, false] => self.loads(),
            [first, _] => {
                let (run, load) =
                    if first { (&self.first, &self.second) } else { (&self.second, &self.first) };
                let (run, load) = (run.display(), load.display());
                Err(Failure::usage(format!(
                    "{run} is the folder of a run, and {load} is not: compare two runs, or two loads"
                )))
            }
        }
    }

    fn runs(&self) -> Result<Exit, Failure> {
        let read = |folder: &Path| verdict::read(folder).map_err(Failure::usage);
        let (first, second) = (read(&self.first)?, read(&self.second)?);
        let report = RunsReport::new((&first.0, &first.1), (&second.0, &second.1));
        output::print(match self.output {
            Output::Human => report.render(super::style()),
            Output::Json => super::json(&report)?,
        })?;
        Ok(Exit::Pass)
    }

    fn loads(&self) -> Result<Exit, Failure> {
        let (first, second) = (read(&self.first)?, read(&self.second)?);
        let comparisons = compare::compare(&first.1, &second.1, 1);
        if comparisons.is_empty() {
            return Err(Failure::usage("the two loads have no path in common"));
        }
        let report = CompareReport::new(&first.0, &second.0, comparisons);
        output::print(match self.output {
            Output::Human => report.render(super::style()),
            Output::Json => super::json(&report)?,
        })?;
        Ok(Exit::Pass)
    }
}

fn read(folder: &Path) -> Result<(LoadResult, Vec<Second>), Failure> {
    let file = |name: &str| {
        let path = folder.join(name);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Failure::usage(format!("{} is not the folder of a load: {name}: {error}", folder.display()))
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
