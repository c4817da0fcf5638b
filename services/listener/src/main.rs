//! The program `listener`: settings in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use listener::{Application, Settings};

fn main() -> ExitCode {
    let settings = Settings::parse();
    let telemetry = settings.telemetry.clone();
    chassis::run::main(&telemetry, |shutdown| Application::serve(settings, shutdown))
}
