//! The program `broker`: settings in, exit code out.

use std::process::ExitCode;

use broker::{Application, Settings};
use clap::Parser;

/// The one door of the system: HTTP in front; HTTP, gRPC and AMQP behind.
#[derive(Debug, Parser)]
#[command(name = "broker", version)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
}

fn main() -> ExitCode {
    let settings = Arguments::parse().settings;
    let telemetry = settings.telemetry.clone();
    chassis::run::main(&telemetry, |shutdown| Application::serve(settings, shutdown))
}
