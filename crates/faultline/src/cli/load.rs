//! `faultline load`: arrivals in the open model, measured from when each was due.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

use super::display::Display;
use super::exit::{Exit, Failure};
use super::operations::{OperationArgs, SystemArgs};
use super::{Output, interrupt, load_files, output};
use crate::measure::Threshold;
use crate::measure::self_check::Checked;
use crate::report::{self, LoadReport, chart};
use crate::runner::load_only::self_check::check;
use crate::runner::{self, LoadOptions, LoadOutput, RunError};
use crate::scenario::duration::Span;
use crate::scenario::{LoadPhase, Operations, Pace, Scenario, Schedule, replay, validate};
use crate::stack::Topology;

/// `faultline load`.
#[derive(Debug, Args)]
#[command(after_help = "\
A pace is a rate, a way from one rate to another, or that in steps; evenly, or as a Poisson process:
  --rate log-json=200/s
  --rate 'log-json=10/s..500/s'
  --rate 'ping=poisson 100/s..1000/s in 10 steps'

Latency counts from when an operation was due, so that a system that stalls is charged for those that had to
wait. Exit codes: 0 done, 1 ended by --abort-if, 64 a mistake in the command, 69 no system, 130 interrupted.")]
pub struct Load {
    /// Arrivals on a path, as PATH=PACE; several for a mix
    #[arg(long, value_name = "PATH=PACE", required_unless_present_any = ["scenario", "replay", "self_check"])]
    rate: Vec<PathPace>,
    /// How long they come
    #[arg(long = "for", value_name = "TIME", default_value = "30s", conflicts_with_all = ["scenario", "replay"])]
    lasts: Span,
    /// The load of a scenario, without its faults
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rate", "replay"])]
    scenario: Option<PathBuf>,
    /// Arrivals as they are listed in a file, a line each: seconds,PATH
    #[arg(long, value_name = "FILE", conflicts_with = "rate")]
    replay: Option<PathBuf>,
    /// End when this is true of the last 5 seconds, like 'p99 > 500ms' or 'log-json errors > 1%'
    #[arg(long, value_name = "THRESHOLD")]
    abort_if: Vec<Threshold>,
    /// Measure the generator alone, on rates that rise until it is late
    #[arg(long, conflicts_with_all = ["rate", "scenario", "replay", "at", "get"])]
    self_check: bool,
    #[command(flatten)]
    operations: OperationArgs,
    #[command(flatten)]
    system: SystemArgs,
    /// Who reads the result
    #[arg(long, value_enum, default_value_t = Output::Human)]
    output: Output,
}

/// `PATH=PACE`.
#[derive(Debug, Clone, PartialEq)]
pub struct PathPace {
    path: String,
    pace: Pace,
}

impl FromStr for PathPace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (path, pace) = text
            .split_once('=')
            .ok_or_else(|| format!("\"{text}\" names no path: write PATH=PACE, like log-json=200/s"))?;
        let pace = pace.parse().map_err(|error: crate::scenario::pace::BadPace| error.to_string())?;
        Ok(Self { path: path.trim().to_owned(), pace })
    }
}

impl Load {
    /// Does it.
    ///
    /// # Errors
    /// A [`Failure`] where nothing was measured.
    pub fn perform(self) -> Result<Exit, Failure> {
        if self.self_check {
            return self_check(self.output);
        }
        let topology = self.system.described()?;
        let seed = self.operations.seed();
        let schedule = self.schedule(&topology, seed)?;
        output::note(format_args!("faultline load --seed {seed}"));
        let (target, runs) = (self.system.aim(topology)?, self.system.runs());
        let options = LoadOptions { schedule, target, abort_if: self.abort_if, runs };
        let listener = Box::new(Display::new(std::io::stderr().is_terminal()));
        let LoadOutput { result, seconds, folder } = super::runtime()?.block_on(async {
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
        scenario.fault.clear();
        self.operations.apply(&mut scenario.operations);
        let mut mistakes = validate::alone(&scenario, "");
        if self.replay.is_none() {
            mistakes.extend(validate::arrivals(&scenario, ""));
        }
        let names =
            if self.scenario.is_none() { validate::names(&scenario, &topology.names(), "") } else { vec![] };
        if let Some(mistake) = mistakes.into_iter().chain(names).next() {
            return Err(Failure::usage(mistake.message));
        }
        let mut schedule = Schedule::derive(&self.name(), &scenario, seed);
        if let Some(file) = &self.replay {
            schedule.streams = listed(file, topology)?;
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

    /// The options as a scenario of one phase.
    fn as_scenario(&self) -> Result<Scenario, Failure> {
        let mut rates = std::collections::BTreeMap::new();
        for PathPace { path, pace } in &self.rate {
            if rates.insert(toml::Spanned::new(0..0, path.clone()), *pace).is_some() {
                return Err(Failure::usage(format!("--rate names the path \"{path}\" twice")));
            }
        }
        let lasts = toml::Spanned::new(0..0, self.lasts);
        Ok(Scenario {
            shows: "a load without faults".to_owned(),
            operations: Operations::default(),
            load: vec![LoadPhase { lasts, rates: toml::Spanned::new(0..0, rates) }],
            fault: Vec::new(),
            expect: Default::default(),
        })
    }
}

/// Seconds at each rate of a self-check.
const CHECKED_FOR: Span = Span::from_secs(5);

fn self_check(output: Output) -> Result<Exit, Failure> {
    output::note(format_args!(
        "the generator against a server that answers at once, {CHECKED_FOR} at each rate, Poisson arrivals"
    ));
    let mut told = |checked: &Checked| {
        let held = if checked.holds { "held" } else { "too much" };
        output::note(format_args!("  {}/s: {held}", checked.rate));
    };
    let (all, cancelled) = super::runtime()?.block_on(async {
        let cancel = interrupt::token()?;
        let all = check(CHECKED_FOR, &mut told, &cancel).await.map_err(RunError::from)?;
        Ok::<_, Failure>((all, cancel.is_cancelled()))
    })?;
    output::print(match output {
        Output::Human => report::load::self_check(&all, super::style()),
        Output::Json => super::json(&all)?,
    })?;
    Ok(if cancelled { Exit::Interrupted } else { Exit::Pass })
}

fn listed(file: &Path, topology: &Topology) -> Result<Vec<crate::scenario::ArrivalStream>, Failure> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("can't read the arrivals {name}: {error}")))?;
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

/// Prints a result.
pub(super) fn show(report: &LoadReport, output: Output) -> Result<(), Failure> {
    output::print(match output {
        Output::Human => report.render(super::style()),
        Output::Json => super::json(report)?,
    })
}
