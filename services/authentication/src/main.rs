//! The program `authentication`: settings in, exit code out.

use std::process::ExitCode;

use authentication::{Application, Settings};

fn main() -> ExitCode {
    chassis::run::main(|settings: &Settings| &settings.telemetry, Application::build, Application::run)
}
