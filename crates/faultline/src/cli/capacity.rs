//! `faultline capacity`: searches for the highest arrival rate at which an SLO holds.

use std::collections::BTreeMap;
use std::io::IsTerminal;

use clap::Args;
use toml::Spanned;

use super::arguments::Output;
use super::display::Display;
use super::exit::{Exit, Failure};
use super::operations::{OperationArgs, SystemArgs};
use super::{interrupt, output, runtime};
use crate::measure::Threshold;
use crate::measure::capacity::{SearchResult, TrialResult};
use crate::report::capacity::{CapacityReport, trial_line};
use crate::report::chart;
use crate::runner::{self, CapacityOptions, SearchRates};
use crate::scenario::duration::Span;
use crate::scenario::rate::Rate;
use crate::scenario::{ArrivalRate, LoadPhase, OperationSettings, Scenario, Schedule, SystemUse, validate};

/// Arguments of `faultline capacity`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each trial sends Poisson arrivals at one rate, after a second of warm-up. The search doubles the rate while the SLO \
holds, narrows the gap to 5 %, and confirms the result three times with trials of twice the length. Work that is left \
in a queue after a trial counts against its rate.

Exit codes: 0 found, 1 the SLO is never met, 2 the generator is the limit, 64 a mistake in the command line, \
69 the system could not be started or reached, 130 interrupted.")]
pub struct Capacity {
    /// Path to load
    #[arg(required_unless_present = "get", default_value = super::target::GET, hide_default_value = true)]
    path: String,
    /// Threshold of the SLO; repeat it for several, which must all hold
    #[arg(long, alias = "objective", value_name = "THRESHOLD", default_values = ["p99 < 50ms", "errors < 0.1%"])]
    slo: Vec<Threshold>,
    /// Rate at which the search begins
    #[arg(long, value_name = "RATE", default_value = "100/s")]
    from: Rate,
    /// Lowest rate to try
    #[arg(long, value_name = "RATE", default_value = "1/s")]
    lowest: Rate,
    /// Highest rate to try
    #[arg(long, value_name = "RATE", default_value = "100000/s")]
    highest: Rate,
    /// Length of each trial; at least the time of 20 arrivals
    #[arg(long, value_name = "TIME", default_value = "5s")]
    trial: Span,
    #[command(flatten)]
    operations: OperationArgs,
    #[command(flatten)]
    system: SystemArgs,
    /// Form of the result
    #[arg(long, value_enum, default_value_t = Output::Human)]
    output: Output,
}

impl Capacity {
    /// Runs the command.
    ///
    /// # Errors
    /// A [`Failure`] if nothing was measured.
    pub fn perform(self) -> Result<Exit, Failure> {
        let topology = self.system.read_topology()?;
        let schedule = self.schedule(&topology.names())?;
        output::note(format_args!("faultline capacity {} --seed {}", self.path, schedule.seed));
        let options = CapacityOptions {
            path: self.path,
            slo: self.slo,
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
        let mut show = |trial: &TrialResult| output::note(trial_line(trial));
        let (result, folder) = runtime::start()?.block_on(async {
            let cancel = interrupt::token()?;
            Ok::<_, Failure>(runner::capacity(options, listener, &mut show, cancel).await?)
        })?;
        folder.write_text("capacity.svg", &chart::capacity(&result)).map_err(Failure::internal)?;
        let report = CapacityReport::new(&folder.path().display().to_string(), &result);
        output::print(match self.output {
            Output::Human => report.render(output::style()),
            Output::Json => output::json(&report)?,
        })?;
        Ok(match result.found {
            Some(SearchResult::Capacity { .. } | SearchResult::AlwaysMet { .. }) => Exit::Pass,
            Some(SearchResult::NeverMet { .. }) => Exit::Fail,
            // The system may hold more: the search proved only that this machine cannot send it.
            Some(SearchResult::GeneratorLimit { .. }) => Exit::Unknown,
            None => Exit::Interrupted,
        })
    }

    /// Derives the schedule that all trials share, and checks what the types of the arguments cannot express.
    fn schedule(&self, names: &validate::Names) -> Result<Schedule, Failure> {
        if !(self.lowest <= self.from && self.from <= self.highest) {
            return Err(Failure::usage(format!(
                "--from: expected a rate from {} to {}, found {}",
                self.lowest, self.highest, self.from
            )));
        }
        if let Some(above) = self.slo.iter().find(|threshold| threshold.above) {
            return Err(Failure::usage(format!(
                "--slo: expected an upper limit, with <, found \"{above}\", which a worse system meets"
            )));
        }
        let rates =
            BTreeMap::from([(Spanned::new(0..0, self.path.clone()), ArrivalRate::constant(self.from))]);
        let rates = Spanned::new(0..0, rates);
        let mut scenario = Scenario {
            shows: format!("capacity of {}", self.path),
            system: SystemUse::default(),
            operations: OperationSettings::default(),
            load: vec![LoadPhase { lasts: Spanned::new(0..0, self.trial), rates }],
            fault: Vec::new(),
            expect: Default::default(),
        };
        self.operations.apply(&mut scenario.operations);
        let mistakes =
            validate::alone(&scenario, "").into_iter().chain(validate::names(&scenario, names, ""));
        match mistakes.map(|mistake| mistake.message).next() {
            Some(message) => Err(Failure::usage(message)),
            None => Ok(Schedule::derive("capacity", &scenario, self.operations.seed())),
        }
    }
}
