//! `faultline capacity`: the highest rate at which an objective holds.

use std::collections::BTreeMap;
use std::io::IsTerminal;

use clap::Args;
use toml::Spanned;

use super::display::Display;
use super::exit::{Exit, Failure};
use super::operations::{OperationArgs, SystemArgs};
use super::{Output, interrupt, output};
use crate::measure::Threshold;
use crate::measure::capacity::{Found, TrialResult};
use crate::report::capacity::{CapacityReport, trial_line};
use crate::report::chart;
use crate::runner::{self, CapacityOptions, SearchRates};
use crate::scenario::duration::Span;
use crate::scenario::rate::Rate;
use crate::scenario::{LoadPhase, Operations, Pace, Scenario, Schedule, validate};

/// `faultline capacity`.
#[derive(Debug, Args)]
#[command(after_help = "\
Tries one rate after the other, Poisson arrivals, a second to warm up before each; doubles while the objective
holds, then narrows the gap to 5 %, then confirms what it found three times with trials of twice the length.
A backlog that does not drain at once counts as a rate that does not hold.

Exit codes: 0 found, 1 never met, 2 the generator is the limit, 64 a mistake in the command, 69 no system,
130 interrupted.")]
pub struct Capacity {
    /// The path
    #[arg(required_unless_present = "get", default_value = super::target::GET, hide_default_value = true)]
    path: String,
    /// What must hold; several for all of them
    #[arg(long, value_name = "THRESHOLD", default_values = ["p99 < 50ms", "errors < 0.1%"])]
    objective: Vec<Threshold>,
    /// Where the search begins
    #[arg(long, value_name = "RATE", default_value = "100/s")]
    from: Rate,
    /// The lowest rate that is tried
    #[arg(long, value_name = "RATE", default_value = "1/s")]
    lowest: Rate,
    /// The highest rate that is tried
    #[arg(long, value_name = "RATE", default_value = "100000/s")]
    highest: Rate,
    /// How long each trial is measured, and never shorter than 20 arrivals take
    #[arg(long, value_name = "TIME", default_value = "5s")]
    trial: Span,
    #[command(flatten)]
    operations: OperationArgs,
    #[command(flatten)]
    system: SystemArgs,
    /// Who reads the result
    #[arg(long, value_enum, default_value_t = Output::Human)]
    output: Output,
}

impl Capacity {
    /// Does it.
    ///
    /// # Errors
    /// A [`Failure`] where nothing was measured.
    pub fn perform(self) -> Result<Exit, Failure> {
        let topology = self.system.described()?;
        let schedule = self.schedule(&topology.names())?;
        output::note(format_args!("faultline capacity {} --seed {}", self.path, schedule.seed));
        let options = CapacityOptions {
            path: self.path,
            slo: self.objective,
            rates: SearchRates {
                start: self.from.hertz(),
                lowest: self.lowest.hertz(),
                highest: self.highest.hertz(),
            },
            trial: self.trial,
            schedule,
            target: self.system.aim(topology)?,
            runs: self.system.runs(),
        };
        let listener = Box::new(Display::new(std::io::stderr().is_terminal()));
        let mut told = |trial: &TrialResult| output::note(trial_line(trial));
        let (result, folder) = super::runtime()?.block_on(async {
            let cancel = interrupt::token()?;
            Ok::<_, Failure>(runner::capacity(options, listener, &mut told, cancel).await?)
        })?;
        folder.write_text("capacity.svg", &chart::capacity(&result)).map_err(Failure::internal)?;
        let report = CapacityReport::new(&folder.path().display().to_string(), &result);
        output::print(match self.output {
            Output::Human => report.render(super::style()),
            Output::Json => super::json(&report)?,
        })?;
        Ok(match result.found {
            Some(Found::Capacity { .. } | Found::AlwaysMet { .. }) => Exit::Pass,
            Some(Found::NeverMet { .. }) => Exit::Fail,
            Some(Found::GeneratorLimit { .. }) => Exit::Unknown,
            None => Exit::Interrupted,
        })
    }

    /// What is the same in every trial; checks what the types of the arguments can't say.
    fn schedule(&self, names: &validate::Names) -> Result<Schedule, Failure> {
        if !(self.lowest <= self.from && self.from <= self.highest) {
            return Err(Failure::usage(format!(
                "the search can't begin at {}: it is to stay from {} to {}",
                self.from, self.lowest, self.highest
            )));
        }
        if let Some(above) = self.objective.iter().find(|threshold| threshold.above) {
            return Err(Failure::usage(format!(
                "--objective \"{above}\" is met by a system that does worse: write what must stay below a limit, with <"
            )));
        }
        let rates = BTreeMap::from([(Spanned::new(0..0, self.path.clone()), Pace::constant(self.from))]);
        let rates = Spanned::new(0..0, rates);
        let mut scenario = Scenario {
            shows: format!("the highest rate that {} holds", self.path),
            operations: Operations::default(),
            load: vec![LoadPhase { lasts: Spanned::new(0..0, self.trial), rates }],
            fault: Vec::new(),
            expect: Default::default(),
        };
        self.operations.apply(&mut scenario.operations);
        let mistakes =
            validate::alone(&scenario, "").into_iter().chain(validate::names(&scenario, names, ""));
        match mistakes.map(|mistake| mistake.message).next() {
            Some(told) => Err(Failure::usage(told)),
            None => Ok(Schedule::derive("capacity", &scenario, self.operations.seed())),
        }
    }
}
