//! The program `faultline`: parses its arguments and dispatches.

use std::process::ExitCode;

fn main() -> ExitCode {
    faultline::cli::main()
}
