//! Arguments that several verbs share: topology, folder of runs, provider, form of the output.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::exit::Failure;
use super::load_files;
use crate::stack::Choice;
use crate::stack::topology::{Replicas, Topology};

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
            // Rebuilding a program takes seconds, rebuilding its image minutes; servers are the same in both.
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
