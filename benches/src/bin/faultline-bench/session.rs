//! A system for one verb: started, measured on, ended; what was measured until an interruption is kept.

use std::process::ExitCode;

use benches::figures::{Figure, Figures};
use benches::{Failed, System};
use faultline::stack::Wiring;

use crate::folder;

/// What was measured until now; told as it comes.
#[derive(Default)]
pub(crate) struct Notes(Figures);

impl Notes {
    /// Adds a figure and tells it.
    pub(crate) fn add(&mut self, name: &str, value: f64, unit: &str) {
        eprintln!("  {name}: {}", shown(value, unit));
        self.0.add(name, Figure::of(value, unit));
    }

    /// Adds the median of values that were measured one after the other, with the least and the greatest.
    pub(crate) fn add_median(&mut self, name: &str, values: &[f64], unit: &str) {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (Some(least), Some(greatest)) = (sorted.first(), sorted.last()) else { return };
        let (median, interval) = (sorted[sorted.len() / 2], (*least, *greatest));
        eprintln!(
            "  {name}: {} ({} to {})",
            shown(median, unit),
            shown(*least, unit),
            shown(*greatest, unit)
        );
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
    let mut notes = Notes::default();
    let wiring = if plan.proxied { Wiring::Proxied } else { Wiring::Direct };
    let runtime = tokio::runtime::Runtime::new()?;
    let code = runtime.block_on(async {
        let system = tokio::select! {
            system = System::start_with(&plan.replicas, wiring) => system?,
            _ = tokio::signal::ctrl_c() => return Ok(ExitCode::from(130)),
        };
        let measured = tokio::select! {
            measured = measure(&system, &mut notes) => measured.map(|()| ExitCode::SUCCESS),
            _ = tokio::signal::ctrl_c() => {
                eprintln!("interrupted: what was measured until now is kept");
                Ok(ExitCode::from(130))
            }
        };
        system.end().await;
        measured
    });
    if !notes.0.figures.is_empty() {
        let file = folder::fresh()?.join(format!("{name}.json"));
        notes.0.write(&file)?;
        eprintln!("written to {}", file.display());
    }
    code
}
