//! `faultline load`: loads a system in the open model; latency counts from the due time of each operation.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

use super::arguments::Output;
use super::display::Display;
use super::exit::{Exit, Failure};
use super::operations::{OperationArgs, SystemArgs};
use super::{interrupt, load_files, output, runtime};
use crate::measure::Threshold;
use crate::measure::self_check::SelfCheckResult;
use crate::report::{self, LoadReport, chart};
use crate::runner::load_only::self_check::check;
use crate::runner::{self, LoadOptions, LoadOutput, RunError};
use crate::scenario::duration::Span;
use crate::scenario::{
    ArrivalRate, LoadPhase, OperationSettings, Scenario, Schedule, SystemUse, replay, validate,
};
use crate::stack::Topology;

/// Arguments of `faultline load`.
#[derive(Debug, Args)]
#[command(after_help = "\
An arrival rate is constant, a ramp, or a ramp in steps; evenly spaced, or as a Poisson process:
  --rate log-json=200/s
  --rate 'log-json=10/s..500/s'
  --rate 'ping=poisson 100/s..1000/s in 10 steps'

Latency counts from the time at which an operation was due, so the time that operations wait while the system stalls is \
included. Exit codes: 0 done, 1 aborted by --abort-if, 64 a mistake in the command line, 69 the system could not be \
started or reached, 130 interrupted.")]
pub struct Load {
    /// Arrival rate of a path; repeat it for a mix
    #[arg(long, value_name = "PATH=RATE", required_unless_present_any = ["scenario", "replay", "self_check"])]
    rate: Vec<PathRate>,
    /// Duration of the load
    #[arg(long = "for", value_name = "TIME", default_value = "30s", conflicts_with_all = ["scenario", "replay"])]
    lasts: Span,
    /// Load of a scenario, without its faults
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rate", "replay"])]
    scenario: Option<PathBuf>,
    /// Arrivals from a file, one line each: SECONDS,PATH
    #[arg(long, value_name = "FILE", conflicts_with = "rate")]
    replay: Option<PathBuf>,
    /// Threshold that ends the load when it is true of the last 5 seconds, like 'p99 > 500ms' or 'log-json errors > 1%'
    #[arg(long, value_name = "THRESHOLD")]
    abort_if: Vec<Threshold>,
    /// Measure the generator alone, at rising rates until it is late
    #[arg(long, conflicts_with_all = ["rate", "scenario", "replay", "at", "get"])]
    self_check: bool,
    #[command(flatten)]
    operations: OperationArgs,
    #[command(flatten)]
    system: SystemArgs,
    /// Form of the result
    #[arg(long, value_enum, default_value_t = Output::Human)]
    output: Output,
}

/// Arrival rate of a path, written `PATH=RATE`.
#[derive(Debug, Clone, PartialEq)]
pub struct PathRate {
    path: String,
    rate: ArrivalRate,
}

impl FromStr for PathRate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (path, rate) = text
            .split_once('=')
            .ok_or_else(|| format!("expected PATH=RATE, like log-json=200/s, found \"{text}\""))?;
        let rate =
            rate.parse().map_err(|error: crate::scenario::arrival_rate::BadArrivalRate| error.to_string())?;
        Ok(Self { path: path.trim().to_owned(), rate })
    }
}

impl Load {
    /// Runs the command.
    ///
    /// # Errors
    /// A [`Failure`] if nothing was measured.
    pub fn perform(self) -> Result<Exit, Failure> {
        if self.self_check {
            return self_check(self.output);
        }
        let topology = self.system.read_topology()?;
        let seed = self.operations.seed();
        let schedule = self.schedule(&topology, seed)?;
        output::note(format_args!("faultline load --seed {seed}"));
        let (target, runs) = (self.system.aim(topology)?, self.system.runs());
        let options = LoadOptions { schedule, target, abort_if: self.abort_if, runs };
        let listener = Box::new(Display::new(std::io::stderr().is_terminal()));
        let LoadOutput { result, seconds, folder } = runtime::start()?.block_on(async {
            let cancel = interrupt::token()?;
            Ok::<_, Failure>(runner::load(options, listener, cancel).await?)
        })?;
        folder.write_text("load.svg", &chart::load(&seconds)).map_err(Failure::internal)?;
        let report = LoadReport::new(&folder.path().display().to_string(), &result);
        show(&report, self.output)?;
        Ok(match (result.interrupted, result.aborted) {
            (true, _) => Exit::Interrupted,
            (_, Some(_)) => Exit::Fail,
            _ => Exit::Pass,
        })
    }

    fn schedule(&self, topology: &Topology, seed: u64) -> Result<Schedule, Failure> {
        let mut scenario = match &self.scenario {
            Some(file) => load_files::scenario(file, topology)?,
            None => self.as_scenario()?,
        };
        // A load measures the system without the proxies in which faults happen.
        scenario.fault.clear();
        self.operations.apply(&mut scenario.operations);
        let mut mistakes = validate::alone(&scenario, "");
        // Replayed arrivals take the place of the scenario's, which has none.
        if self.replay.is_none() {
            mistakes.extend(validate::arrivals(&scenario, ""));
        }
        let names =
            // The names of a scenario file were checked when it was read, with their lines.
            if self.scenario.is_none() { validate::names(&scenario, &topology.names(), "") } else { vec![] };
        if let Some(mistake) = mistakes.into_iter().chain(names).next() {
            return Err(Failure::usage(mistake.message));
        }
        let mut schedule = Schedule::derive(&self.name(), &scenario, seed);
        if let Some(file) = &self.replay {
            schedule.streams = read_arrivals(file, topology)?;
        }
        for threshold in &self.abort_if {
            if let Some(path) = threshold.path.as_ref().filter(|path| !topology.paths.contains_key(*path)) {
                return Err(Failure::usage(format!(
                    "--abort-if \"{threshold}\": there is no path \"{path}\""
                )));
            }
        }
        Ok(schedule)
    }

    fn name(&self) -> String {
        let file = self.scenario.as_ref().or(self.replay.as_ref());
        file.map_or_else(|| "load".to_owned(), |file| load_files::name_of(file))
    }

    /// Converts the options to a scenario of one stage.
    fn as_scenario(&self) -> Result<Scenario, Failure> {
        let mut rates = std::collections::BTreeMap::new();
        for PathRate { path, rate } in &self.rate {
            if rates.insert(toml::Spanned::new(0..0, path.clone()), *rate).is_some() {
                return Err(Failure::usage(format!(
                    "--rate: expected each path once, found the path \"{path}\" twice"
                )));
            }
        }
        // Options have no place in a file, so their spans are empty.
        let lasts = toml::Spanned::new(0..0, self.lasts);
        Ok(Scenario {
            shows: "a load without faults".to_owned(),
            system: SystemUse::default(),
            operations: OperationSettings::default(),
            load: vec![LoadPhase { lasts, rates: toml::Spanned::new(0..0, rates) }],
            fault: Vec::new(),
            expect: Default::default(),
        })
    }
}

/// Time at each rate of a self-check.
const CHECK_TIME: Span = Span::from_secs(5);

fn self_check(output: Output) -> Result<Exit, Failure> {
    output::note(format_args!(
        "measuring the generator against a server that answers at once: {CHECK_TIME} at each rate, Poisson arrivals"
    ));
    let mut show = |checked: &SelfCheckResult| {
        let result = if checked.holds { "holds" } else { "late" };
        output::note(format_args!("  {}/s: {result}", checked.rate));
    };
    let (all, cancelled) = runtime::start()?.block_on(async {
        let cancel = interrupt::token()?;
        let all = check(CHECK_TIME, &mut show, &cancel).await.map_err(RunError::from)?;
        Ok::<_, Failure>((all, cancel.is_cancelled()))
    })?;
    output::print(match output {
        Output::Human => report::load::self_check(&all, output::style()),
        Output::Json => output::json(&all)?,
    })?;
    Ok(if cancelled { Exit::Interrupted } else { Exit::Pass })
}

fn read_arrivals(file: &Path, topology: &Topology) -> Result<Vec<crate::scenario::ArrivalStream>, Failure> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("cannot read the arrivals {name}: {error}")))?;
    let streams = replay::read(&name, &text).map_err(Failure::usage)?;
    match streams.iter().find(|stream| !topology.paths.contains_key(&stream.path)) {
        Some(stream) => {
            let known: Vec<&str> = topology.paths.keys().map(String::as_str).collect();
            let path = &stream.path;
            Err(Failure::usage(format!(
                "{name}: there is no path \"{path}\"; there are {}",
                known.join(", ")
            )))
        }
        None => Ok(streams),
    }
}

/// Prints the result of a load.
pub(super) fn show(report: &LoadReport, output: Output) -> Result<(), Failure> {
    output::print(match output {
        Output::Human => report.render(output::style()),
        Output::Json => output::json(report)?,
    })
}
