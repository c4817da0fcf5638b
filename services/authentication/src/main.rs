//! The program `authentication`: settings in, exit code out.

use std::process::ExitCode;

use authentication::{Application, Settings};
use clap::Parser;

fn main() -> ExitCode {
    let settings = Settings::parse();
    let telemetry = settings.telemetry.clone();
    chassis::run::main(&telemetry, |shutdown| Application::serve(settings, shutdown))
}
