//! The verbs of `faultline`, one file each.
//!
//! | module | content |
//! | --- | --- |
//! | [`run`] | runs a scenario to its verdict |
//! | [`load`] | loads a system in the open model and measures it |
//! | [`capacity`] | searches for the highest rate at which an SLO holds |
//! | [`compare`] | compares two loads or runs |
//! | [`validate`] | checks scenario files |
//! | [`list`] | lists scenarios |
//! | [`faults`] | lists faults and toxics |
//! | [`up`], [`down`] | starts the system on its published ports; ends it |
//! | [`proxy`] | serves proxies with toxics behind Toxiproxy's API |
//! | [`heal`] | cleans up what a killed lab left behind |
//! | [`doctor`] | reports what is installed, what is missing, how to get it |
//! | [`report`] | judges an earlier run again |
//! | [`report_output`] | the forms of a report |
//! | [`schema`] | prints JSON schemas of file formats |
//! | [`completions`] | prints shell completions and manual pages |
//! | `credentials` | passwords, hidden in addresses |
//! | [`exit`] | exit codes |
//! | [`arguments`] | arguments that several verbs share |
//! | `runtime` | the runtime of the verbs that need one |
//! | [`output`] | standard output and standard error |
//! | [`display`] | progress, as a live line or as plain lines |
//! | [`interrupt`] | Ctrl-C: once ends in order, twice at once |
//! | [`operations`] | arguments that describe operations and their target |
//! | [`target`] | a running system as the target of a load |
//! | [`load_files`] | reads topology and scenario files |

pub mod arguments;
pub mod capacity;
pub mod compare;
pub mod completions;
mod credentials;
pub mod display;
pub mod doctor;
pub mod down;
pub mod exit;
pub mod faults;
pub mod heal;
pub mod interrupt;
pub mod list;
pub mod load;
pub mod load_files;
pub mod operations;
pub mod output;
pub mod proxy;
pub mod report;
pub mod report_output;
mod retired;
pub mod run;
mod runtime;
pub mod schema;
pub mod target;
pub mod ui;
pub mod up;
pub mod validate;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::stack::containers::context;
use exit::{Exit, Failure};

/// Shows what your system loses when a part of it fails.
#[derive(Debug, Parser)]
#[command(name = "faultline", version, after_help = exit::HELP, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    verb: Command,
    // lapin logs each server that is not reachable yet as an error; the lab reports that in its own words.
    /// Log filter for standard error: a level, or directives like `warn,faultline=debug` [default: warn,lapin=off;
    /// info for `proxy`]
    #[arg(long, env = "FAULTLINE_LOG", global = true)]
    log: Option<String>,
}

/// Verb of the command line with its arguments.
#[derive(Debug, Subcommand)]
enum Command {
    /// Run a scenario: start the system, load it, inject faults, judge the result
    Run(run::RunVerb),
    /// Load the system, or one that is already running, and measure it
    Load(load::Load),
    /// Search for the highest arrival rate at which an SLO holds
    Capacity(capacity::Capacity),
    /// Compare two loads, or two runs, with confidence intervals
    Compare(compare::Compare),
    /// Check scenario files and give the line of each mistake
    Validate(validate::Validate),
    /// List the scenarios in a folder
    List(list::List),
    /// List all faults and toxics with parameters, units and defaults
    Faults(faults::Faults),
    /// Start the system on its published ports, until Ctrl-C
    Up(up::Up),
    /// End the system that `up` started
    Down(down::Down),
    /// Serve proxies with toxics behind Toxiproxy's HTTP API, until Ctrl-C
    Proxy(proxy::ProxyVerb),
    /// Clean up what a killed faultline left behind: heal faults, end processes, remove containers and data
    Heal(heal::Heal),
    /// Report what is installed, what is missing, and how to get it
    Doctor(doctor::Doctor),
    /// Judge the history of an earlier run again
    Report(report::ReportVerb),
    /// Print the JSON schema of a file format
    Schema(schema::Schema),
    /// Print completions for a shell, to be sourced
    Completions(completions::Completions),
    /// Print the manual page
    Man(completions::Man),
}

/// Returns the command line as a whole: every verb with its arguments.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Parses the arguments of this process, runs the verb, and returns the exit code.
#[must_use]
pub fn main() -> ExitCode {
    // `parse` would exit with clap's own code 2, which means unknown here.
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    retired::warn_of_arguments(std::env::args_os());
    set_engine();
    let log = cli.log.as_deref().unwrap_or(cli.verb.log_filter());
    let result = logging(log).and_then(|()| dispatch(cli.verb));
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::note(format_args!("faultline: {failure}"));
            failure.exit.into()
        }
    }
}

/// Points the client library to the container engine that the user's own `docker` would use.
// The library reads DOCKER_HOST, but no contexts.
#[expect(unsafe_code, reason = "the environment may be changed only while there is one thread")]
fn set_engine() {
    if let Some(host) = context::host() {
        // SAFETY: called right after the arguments are parsed, before any other thread exists.
        unsafe { std::env::set_var("DOCKER_HOST", host) };
    }
}

fn dispatch(verb: Command) -> Result<Exit, Failure> {
    match verb {
        Command::Run(run) => run.perform(),
        Command::Load(load) => load.perform(),
        Command::Capacity(capacity) => capacity.perform(),
        Command::Compare(compare) => compare.perform(),
        Command::Validate(validate) => validate.perform(),
        Command::List(list) => list.perform(),
        Command::Faults(faults) => faults.perform(),
        Command::Up(up) => up.perform(),
        Command::Down(down) => down.perform(),
        Command::Proxy(proxy) => proxy.perform(),
        Command::Heal(heal) => heal.perform(),
        Command::Doctor(doctor) => doctor.perform(),
        Command::Report(report) => report.perform(),
        Command::Schema(schema) => schema.perform(),
        // Given the command line: their files would have to import this one, which imports them.
        Command::Completions(completions) => completions.perform(&mut command()),
        Command::Man(man) => man.perform(command()),
    }
}

impl Command {
    /// Returns the default log filter. Only `proxy` logs its work; the other verbs have a display.
    fn log_filter(&self) -> &'static str {
        if matches!(self, Self::Proxy(_)) { "info" } else { "warn,lapin=off" }
    }
}

/// Prints what clap returns instead of arguments. `--help` and `--version` pass; all else is a mistake of usage.
fn usage(error: &clap::Error) -> ExitCode {
    // Printing fails only if the reader is gone, and then nobody needs the message.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Pass.into() }
}

fn logging(directives: &str) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(directives).map_err(|error| {
        Failure::usage(format!("--log: expected a level or directives, found \"{directives}\": {error}"))
    })?;
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    // A log line that cannot be written is dropped. The subscriber would report it by a macro that panics when standard
    // error is closed.
    let log = tracing_subscriber::fmt().log_internal_errors(false);
    log.with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour).init();
    Ok(())
}
