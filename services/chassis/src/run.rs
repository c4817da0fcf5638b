//! `main` of a service: settings, telemetry, signals, exit code.

use std::fmt::Display;
use std::future::Future;
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::telemetry::{self, TelemetrySettings};

/// Exit code of a service that can't start with what it was given.
pub const EXIT_USAGE: u8 = 64;

/// Exit code of a service that broke.
pub const EXIT_BROKEN: u8 = 70;

/// Runs a service until it ends or SIGTERM or SIGINT asks it to. `serve` gets the token that is cancelled
/// then, and is given time to drain.
///
/// The exit code is 0 after an orderly end, [`EXIT_USAGE`] for settings that can't be used and
/// [`EXIT_BROKEN`] for an error of `serve`, which is told as a chain of causes.
pub fn main<F, E>(telemetry: &TelemetrySettings, serve: impl FnOnce(CancellationToken) -> F) -> ExitCode
where
    F: Future<Output = Result<(), E>>,
    E: std::error::Error,
{
    if let Err(error) = telemetry::start(telemetry) {
        return failed(&error, EXIT_USAGE);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error, EXIT_BROKEN),
    };
    runtime.block_on(async {
        let shutdown = CancellationToken::new();
        if let Err(error) = cancel_on_signal(shutdown.clone()) {
            return failed(&error, EXIT_BROKEN);
        }
        match serve(shutdown).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(&Chain(&error), EXIT_BROKEN),
        }
    })
}

fn cancel_on_signal(shutdown: CancellationToken) -> std::io::Result<()> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        let name = tokio::select! {
            _ = term.recv() => "SIGTERM",
            _ = int.recv() => "SIGINT",
        };
        tracing::info!("{name}: draining");
        shutdown.cancel();
    });
    Ok(())
}

fn failed(error: &dyn Display, code: u8) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(code)
}

/// An error with its causes, on one line.
pub struct Chain<'a>(pub &'a dyn std::error::Error);

impl Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut told = self.0.to_string();
        f.write_str(&told)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Many errors end with their cause already.
            if !told.ends_with(&text) {
                write!(f, ": {text}")?;
            }
            told = text;
            cause = error.source();
        }
        Ok(())
    }
}
