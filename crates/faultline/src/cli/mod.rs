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
//! | [`output`] | standard output and standard error |
//! | [`display`] | progress, as a live line or as plain lines |
//! | [`interrupt`] | Ctrl-C: once ends in order, twice at once |
//! | [`operations`] | arguments that describe operations and their target |
//! | [`target`] | a running system as the target of a load |
//! | [`load_files`] | reads topology and scenario files |

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
pub mod run;
pub mod schema;
pub mod target;
pub mod ui;
pub mod up;
pub mod validate;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use tracing_subscriber::EnvFilter;

use crate::report::Style;
use crate::stack::Choice;
use crate::stack::containers::context;
use crate::stack::topology::{Replicas, Topology};
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

/// Arguments that describe the system.
#[derive(Debug, Clone, Args)]
pub struct TopologyArgs {
    /// Compose file that describes the system
    #[arg(long, default_value = "docker-compose.yml", value_name = "FILE")]
    pub topology: PathBuf,
    /// Copies of a node, like listener=3,logger=2; they are named listener, listener-2 and so on
    #[arg(long, value_name = "NODE=NUMBER", value_delimiter = ',')]
    pub replicas: Vec<Replicas>,
}

impl TopologyArgs {
    /// Reads the description of the system and adds its replicas.
    ///
    /// # Errors
    /// A [`Failure`] of usage that names the place of a mistake.
    pub fn read(&self) -> Result<Topology, Failure> {
        let mut topology = load_files::topology(&self.topology)?;
        for (place, Replicas { node, number }) in self.replicas.iter().enumerate() {
            if self.replicas[..place].iter().any(|earlier| earlier.node == *node) {
                return Err(Failure::usage(format!(
                    "--replicas: expected each node once, found {node} twice"
                )));
            }
            let result = topology.replicate(node, *number);
            result.map_err(|error| Failure::usage(format!("--replicas: {error}")))?;
        }
        Ok(topology)
    }
}

/// Argument for the folder of the runs.
#[derive(Debug, Clone, Args)]
pub struct RunsArgs {
    /// Folder that holds a folder for each run
    #[arg(long, default_value = "runs", value_name = "DIR")]
    pub runs: PathBuf,
}

/// Arguments that choose the provider.
#[derive(Debug, Clone, Args)]
pub struct ProviderArgs {
    /// Provider of the nodes
    #[arg(long, value_enum, default_value_t = ProviderName::Auto)]
    provider: ProviderName,
    /// Run the services as processes and the servers as containers, for quick development
    #[arg(long, value_enum, value_name = "PROVIDER")]
    services: Option<ServicesName>,
}

impl ProviderArgs {
    /// Returns the choice that both flags make together.
    #[must_use]
    pub fn choice(&self) -> Choice {
        match (self.provider, self.services) {
            (ProviderName::Processes, _) => Choice::Processes,
            (_, Some(ServicesName::Processes)) => Choice::Mixed,
            (ProviderName::Containers, None) => Choice::Containers,
            (ProviderName::Auto, None) => Choice::Auto,
        }
    }
}

/// Name of a provider on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProviderName {
    /// Containers if an engine is available with all images, else processes
    Auto,
    /// Servers and services as child processes
    Processes,
    /// Containers of the images in the compose file
    Containers,
}

/// Provider of the services where the servers are containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ServicesName {
    /// Programs that were built in this repository
    Processes,
}

/// Form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Text for people
    Human,
    /// One JSON document on standard output
    Json,
}

/// Returns the command line as a whole: every verb with its arguments.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Parses the arguments of this process, runs the verb, and returns the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
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

/// Points the client library to the container engine that the user's own `docker` would use. The library reads
/// DOCKER_HOST, but no contexts.
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
        Command::Completions(completions) => completions.perform(),
        Command::Man(man) => man.perform(),
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

/// Formats a value as one JSON document.
fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::internal(error.to_string()))?;
    Ok(text + "\n")
}

/// Returns the style of standard output.
fn style() -> Style {
    Style::for_terminal(std::io::stdout().is_terminal(), std::env::var_os("NO_COLOR").is_some())
}

/// Starts a runtime for the verbs that need one.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::internal(format!("cannot start the runtime: {error}")))
}
