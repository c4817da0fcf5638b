//! The logger with a bug planted in it, for proving that the harness finds it. Never deploy this one.

use std::process::ExitCode;

use clap::Parser;
use logger::planted::PlantedBug;
use logger::{Application, Settings};

/// The logger with a planted bug, for proving that the harness finds it.
#[derive(Debug, Parser)]
#[command(name = "logger-planted", version)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
    /// Which bug: logger-answers-before-commit or logger-writes-without-unique-id; any other name is taken
    /// for a bug of another service
    #[arg(long, env = "PLANTED_BUG")]
    planted_bug: Option<String>,
}

impl Arguments {
    fn settings(self) -> Settings {
        let planted_bug = self.planted_bug.as_deref().and_then(PlantedBug::from_name);
        Settings { planted_bug, ..self.settings }
    }
}

fn main() -> ExitCode {
    chassis::run::main(
        |arguments: &Arguments| &arguments.settings.telemetry,
        |arguments| Application::build(arguments.settings()),
        Application::run,
    )
}
