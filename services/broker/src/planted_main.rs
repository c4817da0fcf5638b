//! The broker with a bug planted in it, for proving that the harness finds it. Never deploy this one.

use std::process::ExitCode;

use broker::planted::PlantedBug;
use broker::{Application, Settings};
use clap::Parser;

/// The broker with a planted bug, for proving that the harness finds it.
#[derive(Debug, Parser)]
#[command(name = "broker-planted", version)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
    /// Which bug: broker-answers-before-confirm or broker-publishes-transient; any other name is taken for a
    /// bug of another service
    #[arg(long, env = "PLANTED_BUG")]
    planted_bug: Option<String>,
}

fn main() -> ExitCode {
    let Arguments { mut settings, planted_bug } = Arguments::parse();
    settings.planted_bug = planted_bug.as_deref().and_then(PlantedBug::from_name);
    let telemetry = settings.telemetry.clone();
    chassis::run::main(&telemetry, |shutdown| Application::serve(settings, shutdown))
}
