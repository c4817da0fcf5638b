//! `main` of a service: settings, telemetry, signals, exit code.

use std::error::Error;
use std::fmt::Display;
use std::future::Future;
use std::io::Write as _;
use std::process::ExitCode;

use clap::{Arg, ArgAction, Command, Parser};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::healthcheck;
use crate::telemetry::{self, TelemetrySettings};

/// Exit code of `--healthcheck` where the service is not alive.
pub const EXIT_UNHEALTHY: u8 = 1;

/// Exit code of a service that can't start with what it was given.
// EX_USAGE of sysexits.h.
pub const EXIT_USAGE: u8 = 64;

/// Exit code of a service that broke.
// EX_SOFTWARE of sysexits.h.
pub const EXIT_BROKEN: u8 = 70;

/// The whole `main` of a service: reads its settings from flags and environment, builds it, and runs it
/// until it ends, or SIGTERM or SIGINT asks it to. `run` gets the token that is cancelled then, and is given
/// time to drain.
///
/// The exit code is 0 after an orderly end, [`EXIT_USAGE`] for settings that can't be used, an address that
/// is taken among them, and [`EXIT_BROKEN`] for an error of `run`. With `--healthcheck` it is 0 where the service
/// that runs with the same settings is alive, else [`EXIT_UNHEALTHY`]. Errors are told as a chain of causes.
pub fn main<Settings, Build, Service, BuildError, Run, RunError>(
    telemetry: impl FnOnce(&Settings) -> &TelemetrySettings,
    build: impl FnOnce(Settings) -> Build,
    run: impl FnOnce(Service, CancellationToken) -> Run,
) -> ExitCode
where
    Settings: Parser,
    Build: Future<Output = Result<Service, BuildError>>,
    BuildError: Error,
    Run: Future<Output = Result<(), RunError>>,
    RunError: Error,
{
    let (settings, healthcheck) = match arguments::<Settings>() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    if let Some(listen) = healthcheck {
        return match healthcheck::ask(&listen) {
            Ok(()) => ExitCode::SUCCESS,
            Err(unhealthy) => failed(&unhealthy, EXIT_UNHEALTHY),
        };
    }
    if let Err(error) = telemetry::start(telemetry(&settings)) {
        return failed(&error, EXIT_USAGE);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error, EXIT_BROKEN),
    };
    runtime.block_on(async {
        let shutdown = CancellationToken::new();
        // Before anything is built: until here a signal has its default effect, which drains nothing.
        if let Err(error) = cancel_on_signal(shutdown.clone()) {
            return failed(&error, EXIT_BROKEN);
        }
        match build(settings).await {
            Ok(service) => match run(service, shutdown).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => failed(&error, EXIT_BROKEN),
            },
            Err(error) => failed(&error, EXIT_USAGE),
        }
    })
}

fn cancel_on_signal(shutdown: CancellationToken) -> std::io::Result<()> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        // Once: tokio keeps its handlers for the life of the process, so later signals change nothing. The
        // drain has a bound of its own.
        let name = tokio::select! {
            _ = term.recv() => "SIGTERM",
            _ = int.recv() => "SIGINT",
        };
        tracing::info!("{name}: draining");
        shutdown.cancel();
    });
    Ok(())
}

/// Gives each flag of a service its environment variable: `--request-timeout` of the broker is `BROKER_REQUEST_TIMEOUT`.
/// One that names a variable itself keeps that.
// One rule here instead of a name at each setting: services share a host's environment, a compose file or a shell, and
// `QUEUE` alone would say nothing of whose it is.
fn with_environment(command: Command) -> Command {
    // A planted program takes the place of the real one in a system, so it reads the same variables.
    let service = command.get_name().trim_end_matches("-planted").to_owned();
    command.mut_args(|arg| match (arg.get_env(), arg.get_long()) {
        (None, Some(flag)) => {
            let variable = format!("{service}_{flag}").replace('-', "_").to_uppercase();
            // For good, as clap wants it; there are a few dozen, and one call.
            arg.env(&*variable.leak())
        }
        _ => arg,
    })
}

/// The settings; and the address to ask where `--healthcheck` is given.
// Every service has the setting `listen`.
fn arguments<Settings: Parser>() -> Result<(Settings, Option<String>), clap::Error> {
    let flag = Arg::new("healthcheck")
        .long("healthcheck")
        .action(ArgAction::SetTrue)
        .help("Ask the service that runs with these settings whether it is alive, and end: 0 yes, 1 no");
    let matches = with_environment(Settings::command()).arg(flag).try_get_matches()?;
    let healthcheck = matches.get_flag("healthcheck");
    let listen = matches.get_one::<String>("listen").filter(|_| healthcheck).cloned();
    Ok((Settings::from_arg_matches(&matches)?, listen))
}

/// `--help` and `--version` are no mistakes; everything else that clap refuses is one of usage.
fn usage(error: &clap::Error) -> ExitCode {
    // Printing can fail only where nobody reads any more.
    let _ = error.print();
    if error.use_stderr() { EXIT_USAGE.into() } else { ExitCode::SUCCESS }
}

fn failed(error: &dyn Error, code: u8) -> ExitCode {
    // Not by a macro, which panics where nobody reads standard error any more.
    let _ = writeln!(std::io::stderr(), "error: {}", Chain(error));
    ExitCode::from(code)
}

/// An error with its causes, on one line.
pub struct Chain<'a>(pub &'a dyn Error);

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

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches};

    use super::*;

    #[derive(Debug, Parser)]
    #[command(name = "broker-planted")]
    struct Settings {
        #[arg(long, default_value_t = 1)]
        queue_length: u32,
        #[arg(long, env = "PLANTED_BUG", default_value = "")]
        planted_bug: String,
    }

    #[test]
    fn each_flag_has_a_variable_with_the_name_of_its_service() {
        let command = with_environment(Settings::command());
        let variables: Vec<_> = command.get_arguments().filter_map(Arg::get_env).collect();
        assert_eq!(variables, ["BROKER_QUEUE_LENGTH", "PLANTED_BUG"]);
        let settings = Settings::from_arg_matches(&command.get_matches_from(["broker"])).unwrap();
        assert_eq!((settings.queue_length, settings.planted_bug.as_str()), (1, ""));
    }
}
