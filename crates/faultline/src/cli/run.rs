//! `faultline run`: runs a scenario to its verdict.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::display::Display;
use super::exit::{Exit, Failure};
use super::proxy::ProxyApiArgs;
use super::report_output::ReportOutput;
use super::ui::UiArgs;
use super::{ProviderArgs, RunsArgs, TopologyArgs, interrupt, load_files, output};
use crate::report::{ControlReport, Report};
use crate::runner::{self, Listener, ListenerPair, ManualFaults, RunOptions};
use crate::scenario::Schedule;

/// `faultline run`.
#[derive(Debug, Args)]
pub struct Run {
    /// The scenario
    file: PathBuf,
    /// Decides everything that is random; a new one if not given
    #[arg(long)]
    seed: Option<u64>,
    /// Run the same without the faults first, and tell what the faults did from noise
    #[arg(long)]
    control: bool,
    #[command(flatten)]
    provider: ProviderArgs,
    /// Keep the data of nodes that run as processes, in the run's folder
    #[arg(long)]
    keep: bool,
    /// Who reads the report
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

impl Run {
    /// Does it.
    ///
    /// # Errors
    /// A [`Failure`] where there is no verdict.
    pub fn perform(self) -> Result<Exit, Failure> {
        let topology = self.topology.read()?;
        let scenario = load_files::scenario(&self.file, &topology)?;
        let seed = self.seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
        let schedule = Schedule::derive(&load_files::name_of(&self.file), &scenario, seed);
        let command = format!("faultline run {} --seed {seed}", self.file.display());
        output::note(&command);
        let mut options = RunOptions::new(topology, schedule, self.runs.runs);
        options.command = command;
        options.keep = self.keep;
        options.choice = self.provider.choice();
        super::runtime()?.block_on(async {
            let cancel = interrupt::token()?;
            options.registry = self.api.registry().await?;
            let broadcast = self.ui.listen().await?.map(|ui| {
                options.watched = true;
                let broadcast = ui.serve(options.topology.clone(), options.runs.clone(), None);
                options.manual_faults = broadcast.manual_faults();
                broadcast
            });
            let control = if self.control { Some(control(&options, &cancel).await?) } else { None };
            let listener: Box<dyn Listener> = match &broadcast {
                Some(broadcast) => Box::new(ListenerPair(display(), Box::new(broadcast.clone()))),
                None => display(),
            };
            let report = runner::run(options, listener, cancel.clone()).await?;
            let exit = if cancel.is_cancelled() { Exit::Interrupted } else { report.verdict.into() };
            match control {
                Some(control) => show_both(control, report.clone(), self.output)?,
                None => output::print(self.output.render(&report)?)?,
            }
            if let Some(broadcast) = broadcast {
                broadcast.add_verdict(&report);
                if !cancel.is_cancelled() {
                    output::note("the live lab stays until Ctrl-C");
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

/// The same seed and load without the faults.
async fn control(options: &RunOptions, cancel: &CancellationToken) -> Result<Report, Failure> {
    let mut without = options.clone();
    // A handle is for one run: that of the lab is for the run with faults.
    without.manual_faults = ManualFaults::default();
    without.schedule.faults.clear();
    without.schedule.expect.during.clear();
    without.schedule.scenario += "-control";
    let report = runner::run(without, display(), cancel.clone()).await?;
    if cancel.is_cancelled() {
        return Err(Failure::interrupted("interrupted during the control: nothing was judged"));
    }
    Ok(report)
}

fn show_both(control: Report, report: Report, output: ReportOutput) -> Result<(), Failure> {
    let operations = |report: &Report| runner::operations_of(Path::new(&report.folder));
    let (without, with) = (operations(&control)?, operations(&report)?);
    let both = ControlReport::new((control, &without), (report, &with));
    output::print(match output {
        ReportOutput::Json => super::json(&both)?,
        ReportOutput::Human => {
            format!("{}\n{}", output.render(&both.experiment)?, both.render(super::style()))
        }
        // These have a form for one run only.
        _ => output.render(&both.experiment)?,
    })
}
