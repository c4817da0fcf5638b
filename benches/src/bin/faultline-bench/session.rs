//! Session of one verb: systems that are started for it, notes of its figures, and a file of those. An interruption ends
//! the measuring; the figures until then are kept.

use std::process::ExitCode;

use benches::figures::{BenchFigures, Figure};
use benches::{BenchError, RunningSystem};
use faultline::cli::output::note;
use faultline::stack::Wiring;

use crate::folder;

/// Figures until now, each printed when it is added.
#[derive(Default)]
pub(crate) struct Notes(BenchFigures);

impl Notes {
    /// Adds a fact: the version of a program, or the reason why it was not measured.
    pub(crate) fn fact(&mut self, name: &str, fact: &str) {
        note(format_args!("  {name}: {fact}"));
        self.0.facts.insert(name.to_owned(), fact.to_owned());
    }

    /// Adds a figure.
    pub(crate) fn add(&mut self, name: &str, value: f64, unit: &str) {
        note(format_args!("  {name}: {}", text_of(value, unit)));
        self.0.add(name, Figure::new(value, unit));
    }

    /// Adds the median of values that were measured one after the other, with the least and the greatest.
    pub(crate) fn add_median(&mut self, name: &str, values: &[f64], unit: &str) {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (Some(least), Some(greatest)) = (sorted.first(), sorted.last()) else { return };
        let (median, interval) = (sorted[sorted.len() / 2], (*least, *greatest));
        let [shown, from, to] = [median, *least, *greatest].map(|value| text_of(value, unit));
        // Standard error, since the report is what standard output is for.
        note(format_args!("  {name}: {shown} ({from} to {to})"));
        self.0.add(name, Figure { value: median, unit: unit.to_owned(), interval: Some(interval) });
    }
}

/// Value with its unit, as readers see it.
fn text_of(value: f64, unit: &str) -> String {
    match value {
        _ if value >= 100.0 => format!("{value:.0} {unit}"),
        _ if value >= 1.0 => format!("{value:.2} {unit}"),
        _ => format!("{value:.4} {unit}"),
    }
}

/// Properties of a system that is to be measured.
#[derive(Default)]
pub(crate) struct SystemPlan {
    /// Number of replicas, by node.
    pub(crate) replicas: Vec<(String, usize)>,
    /// True if links have proxies, as `faultline up` gives them.
    pub(crate) proxied: bool,
}

/// Starts a system, measures, ends it, and writes `NAME.json`.
pub(crate) fn on_system(
    name: &str,
    plan: SystemPlan,
    measure: impl AsyncFnOnce(&RunningSystem, &mut Notes) -> Result<(), BenchError>,
) -> Result<ExitCode, BenchError> {
    on_systems(name, vec![plan], async |systems, notes| match systems {
        [system] => measure(system, notes).await,
        _ => Err(format!("expected 1 system, found {}", systems.len()).into()),
    })
}

/// Starts several systems, which take turns, measures, ends them, and writes `NAME.json`.
pub(crate) fn on_systems(
    name: &str,
    plans: Vec<SystemPlan>,
    measure: impl AsyncFnOnce(&[RunningSystem], &mut Notes) -> Result<(), BenchError>,
) -> Result<ExitCode, BenchError> {
    keep(name, async |notes| {
        let mut systems = Vec::new();
        let mut code = until_interrupted(start(&plans, &mut systems)).await;
        if code.as_ref().is_ok_and(|code| *code == ExitCode::SUCCESS) {
            code = until_interrupted(measure(&systems, notes)).await;
        }
        // Also after an error or an interruption: nodes and data would remain.
        for system in systems {
            system.end().await;
        }
        code
    })
}

async fn start(plans: &[SystemPlan], systems: &mut Vec<RunningSystem>) -> Result<(), BenchError> {
    for plan in plans {
        let wiring = if plan.proxied { Wiring::Proxied } else { Wiring::Direct };
        // Into the list of the caller, who ends those that are up if a later one fails.
        systems.push(RunningSystem::start_with(&plan.replicas, wiring).await?);
    }
    Ok(())
}

/// Measures without a system, and writes `NAME.json`.
pub(crate) fn alone(
    name: &str,
    measure: impl AsyncFnOnce(&mut Notes) -> Result<(), BenchError>,
) -> Result<ExitCode, BenchError> {
    keep(name, async |notes| until_interrupted(measure(notes)).await)
}

async fn until_interrupted(
    work: impl Future<Output = Result<(), BenchError>>,
) -> Result<ExitCode, BenchError> {
    tokio::select! {
        done = work => done.map(|()| ExitCode::SUCCESS),
        _ = tokio::signal::ctrl_c() => {
            note("interrupted: figures until now are kept");
            Ok(ExitCode::from(130))
        }
    }
}

fn keep(
    name: &str,
    measure: impl AsyncFnOnce(&mut Notes) -> Result<ExitCode, BenchError>,
) -> Result<ExitCode, BenchError> {
    let mut notes = Notes::default();
    let code = tokio::runtime::Runtime::new()?.block_on(measure(&mut notes));
    // Before the error is returned: figures until then are worth minutes.
    if !notes.0.figures.is_empty() {
        let file = folder::fresh()?.join(format!("{name}.json"));
        notes.0.write(&file)?;
        note(format_args!("written to {}", file.display()));
    }
    code
}
