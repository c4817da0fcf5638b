//! `faultline run`: runs a scenario to its verdict.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;

use super::display::{self, Display};
use super::exit::{Exit, Failure};
use super::{Output, ProviderArgs, RunsArgs, TopologyArgs, interrupt, load_files};
use crate::report::{Report, terminal};
use crate::runner::{self, Options};
use crate::scenario::Schedule;

/// `faultline run`.
#[derive(Debug, Args)]
pub struct Run {
    /// The scenario
    file: PathBuf,
    /// Decides everything that is random; a new one if not given
    #[arg(long)]
    seed: Option<u64>,
    #[command(flatten)]
    provider: ProviderArgs,
    /// Keep the data of nodes that run as processes, in the run's folder
    #[arg(long)]
    keep: bool,
    /// Who reads the report
    #[arg(long, value_enum, default_value_t = Output::Human)]
    output: Output,
    #[command(flatten)]
    runs: RunsArgs,
    #[command(flatten)]
    topology: TopologyArgs,
}

impl Run {
    /// Does it.
    ///
    /// # Errors
    /// A [`Failure`] where there is no verdict.
    pub fn perform(self) -> Result<Exit, Failure> {
        let topology = load_files::topology(&self.topology.topology)?;
        let scenario = load_files::scenario(&self.file, &topology)?;
        let seed = self.seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
        let schedule = Schedule::derive(&load_files::name_of(&self.file), &scenario, seed);
        eprintln!("faultline run {} --seed {seed}", self.file.display());
        let mut options = Options::new(topology, schedule, self.runs.runs);
        options.keep = self.keep;
        options.choice = self.provider.choice();
        let listener = Box::new(Display::new(std::io::stderr().is_terminal()));
        let (report, interrupted) = super::runtime()?.block_on(async {
            let cancel = interrupt::token()?;
            let report = runner::run(options, listener, cancel.clone()).await?;
            Ok::<_, Failure>((report, cancel.is_cancelled()))
        })?;
        show(&report, self.output)?;
        Ok(if interrupted { Exit::Interrupted } else { report.verdict.into() })
    }
}

/// Prints a report.
pub(super) fn show(report: &Report, output: Output) -> Result<(), Failure> {
    let text = match output {
        Output::Human => terminal::render(report, super::style()),
        Output::Json => {
            serde_json::to_string_pretty(report).map_err(|error| Failure::internal(error.to_string()))? + "\n"
        }
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if !display::nobody_reads(&error) => {
            Err(Failure::internal(format!("can't print: {error}")))
        }
        _ => Ok(()),
    }
}
