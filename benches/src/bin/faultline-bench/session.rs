//! What one verb measures, on a system that is started for it or alone; what was measured until an interruption is kept.

use std::process::ExitCode;

use benches::figures::{Figure, Figures};
use benches::{Failed, System};
use faultline::cli::output::note;
use faultline::stack::Wiring;

use crate::folder;

/// What was measured until now; told as it comes.
#[derive(Default)]
pub(crate) struct Notes(Figures);

impl Notes {
    /// Adds what ran, and its version.
    pub(crate) fn fact(&mut self, what: &str, told: &str) {
        self.0.facts.insert(what.to_owned(), told.to_owned());
    }

    /// Adds a figure and tells it.
    pub(crate) fn add(&mut self, name: &str, value: f64, unit: &str) {
        note(format_args!("  {name}: {}", shown(value, unit)));
        self.0.add(name, Figure::of(value, unit));
    }

    /// Adds the median of values that were measured one after the other, with the least and the greatest.
    pub(crate) fn add_median(&mut self, name: &str, values: &[f64], unit: &str) {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (Some(least), Some(greatest)) = (sorted.first(), sorted.last()) else { return };
        let (median, interval) = (sorted[sorted.len() / 2], (*least, *greatest));
        note(format_args!(
            "  {name}: {} ({} to {})",
            shown(median, unit),
            shown(*least, unit),
            shown(*greatest, unit)
        ));
        self.0.add(name, Figure { value: median, unit: unit.to_owned(), interval: Some(interval) });
    }
}

/// A value with its unit, to read.
fn shown(value: f64, unit: &str) -> String {
    match value {
        _ if value >= 100.0 => format!("{value:.0} {unit}"),
        _ if value >= 1.0 => format!("{value:.2} {unit}"),
        _ => format!("{value:.4} {unit}"),
    }
}

/// What was measured round after round, by name and with its unit.
#[derive(Default)]
pub(crate) struct Rounds(Vec<(String, &'static str, Vec<f64>)>);

impl Rounds {
    /// Adds what one round has measured.
    pub(crate) fn add(&mut self, name: &str, unit: &'static str, value: f64) {
        match self.0.iter_mut().find(|known| known.0 == name) {
            Some(known) => known.2.push(value),
            None => self.0.push((name.to_owned(), unit, vec![value])),
        }
    }

    /// Notes the median of everything, below a prefix.
    pub(crate) fn note(&self, prefix: &str, notes: &mut Notes) {
        for (name, unit, values) in &self.0 {
            notes.add_median(&format!("{prefix}/{name}"), values, unit);
        }
    }
}

/// What the system is to be like.
#[derive(Default)]
pub(crate) struct Plan {
    /// How many of some nodes.
    pub(crate) replicas: Vec<(String, usize)>,
    /// Whether links have proxies, so that they can be slowed down.
    pub(crate) proxied: bool,
}

/// Starts the system, measures, ends it, and writes `NAME.json`; an interruption ends the measuring only.
pub(crate) fn on_system(
    name: &str,
    plan: Plan,
    measure: impl AsyncFnOnce(&System, &mut Notes) -> Result<(), Failed>,
) -> Result<ExitCode, Failed> {
    let wiring = if plan.proxied { Wiring::Proxied } else { Wiring::Direct };
    keep(name, async |notes| {
        let system = tokio::select! {
            system = System::start_with(&plan.replicas, wiring) => system?,
            _ = tokio::signal::ctrl_c() => return Ok(ExitCode::from(130)),
        };
        let measured = until_interrupted(measure(&system, notes)).await;
        system.end().await;
        measured
    })
}

/// Measures what needs no system, and writes `NAME.json`.
pub(crate) fn alone(
    name: &str,
    measure: impl AsyncFnOnce(&mut Notes) -> Result<(), Failed>,
) -> Result<ExitCode, Failed> {
    keep(name, async |notes| until_interrupted(measure(notes)).await)
}

async fn until_interrupted(measuring: impl Future<Output = Result<(), Failed>>) -> Result<ExitCode, Failed> {
    tokio::select! {
        measured = measuring => measured.map(|()| ExitCode::SUCCESS),
        _ = tokio::signal::ctrl_c() => {
            note("interrupted: what was measured until now is kept");
            Ok(ExitCode::from(130))
        }
    }
}

fn keep(
    name: &str,
    measure: impl AsyncFnOnce(&mut Notes) -> Result<ExitCode, Failed>,
) -> Result<ExitCode, Failed> {
    let mut notes = Notes::default();
    let code = tokio::runtime::Runtime::new()?.block_on(measure(&mut notes));
    if !notes.0.figures.is_empty() {
        let file = folder::fresh()?.join(format!("{name}.json"));
        notes.0.write(&file)?;
        note(format_args!("written to {}", file.display()));
    }
    code
}
