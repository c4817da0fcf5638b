//! The listener with a bug planted in it, for proving that the harness finds it. Never deploy this one.

use std::process::ExitCode;

use clap::Parser;
use listener::{Application, Settings, planted};

/// The listener with a planted bug, for proving that the harness finds it.
#[derive(Debug, Parser)]
#[command(name = "listener-planted", version)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
    /// Bug: listener-acks-on-receipt or broker-publishes-transient, which needs a listener that
    /// consumes the queue of that bug; any other name is taken for a bug of another service
    #[arg(long, env = "PLANTED_BUG", default_value = "")]
    planted_bug: String,
}

fn main() -> ExitCode {
    chassis::run::main(
        |arguments: &Arguments| &arguments.settings.telemetry,
        |Arguments { settings, planted_bug }| Application::build_with(settings, planted::mode(&planted_bug)),
        Application::run,
    )
}
