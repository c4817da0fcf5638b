//! `faultline run`: runs a scenario to its verdict.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::arguments::{ProviderArgs, RunsArgs, TopologyArgs};
use super::display::Display;
use super::exit::{Exit, Failure};
use super::proxy::ProxyApiArgs;
use super::report_output::ReportOutput;
use super::ui::UiArgs;
use super::{interrupt, load_files, output, runtime};
use crate::report::{BaselineReport, Report};
use crate::runner::{self, Listener, ListenerPair, Run, RunOptions};
use crate::scenario::Schedule;

/// Arguments of `faultline run`.
#[derive(Debug, Args)]
pub struct RunVerb {
    /// Scenario file
    file: PathBuf,
    /// Seed of everything random; a new one by default
    #[arg(long)]
    seed: Option<u64>,
    /// Run the baseline first, the same run without faults, and show significant differences
    #[arg(long, alias = "control")]
    baseline: bool,
    #[command(flatten)]
    provider: ProviderArgs,
    /// Keep the data of nodes that run as processes, in the folder of the run
    #[arg(long)]
    keep: bool,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = ReportOutput::Human)]
    output: ReportOutput,
    #[command(flatten)]
    ui: UiArgs,
    #[command(flatten)]
    api: ProxyApiArgs,
    #[command(flatten)]
    runs: RunsArgs,
    #[command(flatten)]
    topology: TopologyArgs,
}

impl RunVerb {
    /// Runs the command.
    ///
    /// # Errors
    /// A [`Failure`] if there is no verdict.
    pub fn perform(self) -> Result<Exit, Failure> {
        let topology = self.topology.read()?;
        let scenario = load_files::scenario(&self.file, &topology)?;
        let seed = self.seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
        let schedule = Schedule::derive(&load_files::name_of(&self.file), &scenario, seed);
        let command = format!("faultline run {} --seed {seed}", self.file.display());
        // Printed before the run, so that a run which is interrupted or hangs can be repeated too.
        output::note(format_args!("repeat with: {command}"));
        let mut options = RunOptions::new(topology, schedule, self.runs.runs);
        options.command = command;
        options.keep = self.keep;
        options.choice = self.provider.choice();
        runtime::start()?.block_on(async {
            let cancel = interrupt::token()?;
            options.registry = self.api.registry().await?;
            let broadcast = self.ui.listen().await?.map(|ui| {
                options.watched = true;
                ui.serve(options.topology.clone(), options.runs.clone(), None)
            });
            let baseline = if self.baseline { Some(run_baseline(&options, &cancel).await?) } else { None };
            let listener: Box<dyn Listener> = match &broadcast {
                Some(broadcast) => Box::new(ListenerPair(display(), Box::new(broadcast.clone()))),
                None => display(),
            };
            let mut run = Run::begin(options, listener, cancel.clone());
            if let Some(broadcast) = &broadcast {
                broadcast.set_manual_faults(run.faults());
            }
            let report = run.report().await?;
            // Decided here: the Ctrl-C that later closes the live lab is no interruption of the run.
            let exit = if cancel.is_cancelled() { Exit::Interrupted } else { report.verdict.into() };
            match baseline {
                Some(baseline) => show_both(baseline, report.clone(), self.output)?,
                None => output::print(self.output.render(&report)?)?,
            }
            if let Some(broadcast) = broadcast {
                broadcast.add_verdict(&report);
                if !cancel.is_cancelled() {
                    output::note("the live lab stays open until Ctrl-C");
                    cancel.cancelled().await;
                }
            }
            Ok(exit)
        })
    }
}

fn display() -> Box<Display> {
    Box::new(Display::new(std::io::stderr().is_terminal()))
}

/// Runs the baseline: the same seed and load without faults.
async fn run_baseline(options: &RunOptions, cancel: &CancellationToken) -> Result<Report, Failure> {
    let mut without = options.clone();
    without.schedule.faults.clear();
    // What is expected during a fault has no subject in a run without faults.
    without.schedule.expect.during.clear();
    without.schedule.scenario += "-baseline";
    let report = Run::begin(without, display(), cancel.clone()).report().await?;
    if cancel.is_cancelled() {
        return Err(Failure::interrupted("interrupted during the baseline: no verdict"));
    }
    Ok(report)
}

fn show_both(baseline: Report, report: Report, output: ReportOutput) -> Result<(), Failure> {
    let operations = |report: &Report| runner::operations_of(Path::new(&report.folder));
    // Read back from disk: while a run goes on, only its latest seconds are kept in memory.
    let (without, with) = (operations(&baseline)?, operations(&report)?);
    let both = BaselineReport::new((baseline, &without), (report, &with));
    output::print(match output {
        ReportOutput::Json => output::json(&both)?,
        ReportOutput::Human => {
            format!("{}\n{}", output.render(&both.experiment)?, both.render(output::style()))
        }
        // The other forms have room for one run only.
        _ => output.render(&both.experiment)?,
    })
}
