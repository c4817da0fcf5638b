//! The verbs of `faultline`, one file each.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`run`] | runs a scenario to its verdict |
//! | [`load`] | arrivals in the open model, measured from when each was due |
//! | [`capacity`] | the highest rate at which an objective holds |
//! | [`compare`] | two loads or runs side by side |
//! | [`validate`] | reads scenarios and tells their mistakes |
//! | [`list`] | the scenarios there are |
//! | [`faults`] | the faults there are |
//! | [`up`], [`down`] | the stack on its published ports, until told to end |
//! | [`proxy`] | proxies with toxics, by Toxiproxy's API |
//! | [`heal`] | undoes what a dead harness left |
//! | [`doctor`] | what is installed, what is missing, how to get it |
//! | [`report`] | judges an old run again |
//! | [`report_output`] | the forms of a report |
//! | [`schema`] | the formats of files as JSON schemas |
//! | [`completions`] | what a shell and `man` know |
//! | `credentials` | passwords, left out of what is shown |
//! | [`exit`] | exit codes |
//! | [`output`] | standard output and standard error |
//! | [`display`] | progress, on a terminal or as lines |
//! | [`interrupt`] | Ctrl-C: once in order, twice at once |
//! | [`operations`] | how operations are made, and what they go to |
//! | [`target`] | a system that runs already, as the target of a load |
//! | [`load_files`] | topology and scenario, with their mistakes |

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

/// What your system loses when a part of it dies.
#[derive(Debug, Parser)]
#[command(name = "faultline", version, after_help = exit::HELP, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
    // lapin tells each server that is not there yet as an error; the lab says it in its own words.
    /// What to log on standard error: a level, or directives like `warn,faultline=debug` [default: warn,lapin=off, and
    /// info for `proxy`]
    #[arg(long, env = "FAULTLINE_LOG", global = true)]
    log: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run a scenario: start the system, load it, break it, judge it
    Run(run::Run),
    /// Load the system, or one that runs already, and measure it
    Load(load::Load),
    /// Find the highest rate at which an objective holds
    Capacity(capacity::Capacity),
    /// Set two loads, or two runs, side by side, with intervals
    Compare(compare::Compare),
    /// Read scenarios and tell their mistakes, with the place of each
    Validate(validate::Validate),
    /// List the scenarios in a folder
    List(list::List),
    /// List the faults there are, with their keys, units and defaults
    Faults(faults::Faults),
    /// Start the system on its published ports, until Ctrl-C
    Up(up::Up),
    /// End what `up` started
    Down(down::Down),
    /// Serve proxies with toxics by Toxiproxy's HTTP API, until Ctrl-C
    Proxy(proxy::ProxyVerb),
    /// Undo and remove whatever a harness that was killed has left
    Heal(heal::Heal),
    /// Tell what is installed, what is missing, and how to get it
    Doctor(doctor::Doctor),
    /// Judge the history in the folder of an old run again
    Report(report::ReportVerb),
    /// Print the format of a file as a JSON schema
    Schema(schema::Schema),
    /// Print a shell's completions, to be sourced
    Completions(completions::Completions),
    /// Print the manual page
    Man(completions::Man),
}

/// Where the system is described.
#[derive(Debug, Clone, Args)]
pub struct TopologyArgs {
    /// The compose file that describes the system
    #[arg(long, default_value = "docker-compose.yml", value_name = "FILE")]
    pub topology: PathBuf,
    /// How many of a node there are, like listener=3,logger=2; the others are called listener-2 and so on
    #[arg(long, value_name = "NODE=NUMBER", value_delimiter = ',')]
    pub replicas: Vec<Replicas>,
}

impl TopologyArgs {
    /// Reads the system's description, with as many of each node as asked for.
    ///
    /// # Errors
    /// A [`Failure`] of usage that names the place of a mistake.
    pub fn read(&self) -> Result<Topology, Failure> {
        let mut topology = load_files::topology(&self.topology)?;
        for (place, Replicas { node, number }) in self.replicas.iter().enumerate() {
            if self.replicas[..place].iter().any(|earlier| earlier.node == *node) {
                return Err(Failure::usage(format!("--replicas: {node} is given twice")));
            }
            let done = topology.replicate(node, *number);
            done.map_err(|error| Failure::usage(format!("--replicas: {error}")))?;
        }
        Ok(topology)
    }
}

/// Where runs are kept.
#[derive(Debug, Clone, Args)]
pub struct RunsArgs {
    /// The folder that holds a folder for each run
    #[arg(long, default_value = "runs", value_name = "DIR")]
    pub runs: PathBuf,
}

/// How the nodes of the system are run.
#[derive(Debug, Clone, Args)]
pub struct ProviderArgs {
    /// How the nodes are run
    #[arg(long, value_enum, default_value_t = ProviderName::Auto)]
    provider: ProviderName,
    /// Run the services as processes and only the servers as containers, for a quick loop
    #[arg(long, value_enum, value_name = "HOW")]
    services: Option<ServicesName>,
}

impl ProviderArgs {
    /// What both flags say together.
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

/// Which provider runs the nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProviderName {
    /// Containers where an engine answers and holds the images, else processes
    Auto,
    /// Real servers and services as child processes
    Processes,
    /// The images of the compose file
    Containers,
}

/// How the services are run where the servers are containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ServicesName {
    /// The programs that were built here
    Processes,
}

/// Who reads the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// People
    Human,
    /// Programs: one JSON document on standard output
    Json,
}

/// The command line as a whole: every verb with its arguments.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Parses the arguments of this process, does what they say, and gives its exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    honour_context();
    let log = cli.log.as_deref().unwrap_or(cli.verb.logs());
    let result = logging(log).and_then(|()| dispatch(cli.verb));
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::note(format_args!("faultline: {failure}"));
            failure.exit.into()
        }
    }
}

/// Lets the library that speaks to the container engine find the one that the user's own client would use:
/// it reads DOCKER_HOST, but no contexts.
#[expect(unsafe_code, reason = "the environment may be changed only while there is one thread")]
fn honour_context() {
    if let Some(host) = context::host() {
        // SAFETY: the first thing that the program does after it has read its arguments; no other thread runs.
        unsafe { std::env::set_var("DOCKER_HOST", host) };
    }
}

fn dispatch(verb: Verb) -> Result<Exit, Failure> {
    match verb {
        Verb::Run(run) => run.perform(),
        Verb::Load(load) => load.perform(),
        Verb::Capacity(capacity) => capacity.perform(),
        Verb::Compare(compare) => compare.perform(),
        Verb::Validate(validate) => validate.perform(),
        Verb::List(list) => list.perform(),
        Verb::Faults(faults) => faults.perform(),
        Verb::Up(up) => up.perform(),
        Verb::Down(down) => down.perform(),
        Verb::Proxy(proxy) => proxy.perform(),
        Verb::Heal(heal) => heal.perform(),
        Verb::Doctor(doctor) => doctor.perform(),
        Verb::Report(report) => report.perform(),
        Verb::Schema(schema) => schema.perform(),
        Verb::Completions(completions) => completions.perform(),
        Verb::Man(man) => man.perform(),
    }
}

impl Verb {
    /// What it logs if nothing else is asked for: a run shows what happens in its own words.
    fn logs(&self) -> &'static str {
        if matches!(self, Self::Proxy(_)) { "info" } else { "warn,lapin=off" }
    }
}

/// `--help` and `--version` are no mistakes; everything else that clap refuses is one of usage.
fn usage(error: &clap::Error) -> ExitCode {
    // Printing can fail only where nobody reads any more.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Pass.into() }
}

fn logging(directives: &str) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(directives)
        .map_err(|error| Failure::usage(format!("--log \"{directives}\" can't be read: {error}")))?;
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    // A log line that can't be written is lost; told on standard error with a macro, it would end the program.
    let log = tracing_subscriber::fmt().log_internal_errors(false);
    log.with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour).init();
    Ok(())
}

/// One JSON document.
fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::internal(error.to_string()))?;
    Ok(text + "\n")
}

/// The style of standard output.
fn style() -> Style {
    Style::for_terminal(std::io::stdout().is_terminal(), std::env::var_os("NO_COLOR").is_some())
}

/// A runtime for the verbs that need one.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::internal(format!("can't start the runtime: {error}")))
}
