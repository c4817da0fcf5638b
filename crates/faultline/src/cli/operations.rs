//! Arguments that several verbs share: operations of a load, and the system that they go to.

use std::collections::BTreeMap;

use clap::Args;
use toml::Spanned;

use super::arguments::{ProviderArgs, RunsArgs, TopologyArgs};
use super::exit::Failure;
use super::target::{self, TargetArgs};
use crate::runner::{LoadTarget, StartOptions};
use crate::scenario::duration::Span;
use crate::scenario::{OperationSettings, Sizes};
use crate::stack::Topology;

/// Arguments that describe operations.
#[derive(Debug, Clone, Args)]
pub struct OperationArgs {
    /// Bytes of an entry: 256, a range 64..1024, or weighted 64:50,1024:40,16384:10
    #[arg(long, value_name = "SIZES")]
    payload: Option<Sizes>,
    /// Timeout of each operation
    #[arg(long, value_name = "TIME")]
    timeout: Option<Span>,
    /// Most operations in flight; operations that are due beyond them are dropped
    #[arg(long, value_name = "COUNT")]
    in_flight: Option<std::num::NonZeroU32>,
    /// Seed of everything random; a new one by default
    #[arg(long)]
    seed: Option<u64>,
}

impl OperationArgs {
    /// Overrides operations with the given arguments.
    pub fn apply(&self, operations: &mut OperationSettings) {
        if let Some(payload) = &self.payload {
            operations.payload = Spanned::new(0..0, payload.clone());
        }
        if let Some(timeout) = self.timeout {
            operations.timeout = timeout;
        }
        if let Some(in_flight) = self.in_flight {
            operations.in_flight = in_flight.get();
        }
    }

    /// Returns the given seed, or a new one.
    #[must_use]
    pub fn seed(&self) -> u64 {
        // 32 bits are random enough, and people copy the seed by hand.
        self.seed.unwrap_or_else(|| u64::from(rand::random::<u32>()))
    }
}

/// Arguments that choose the system and the folder of results.
#[derive(Debug, Clone, Args)]
pub struct SystemArgs {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    provider: ProviderArgs,
    #[command(flatten)]
    runs: RunsArgs,
    #[command(flatten)]
    topology: TopologyArgs,
}

impl SystemArgs {
    /// Reads the topology.
    ///
    /// # Errors
    /// A [`Failure`] of usage that names the line of a mistake.
    pub fn read_topology(&self) -> Result<Topology, Failure> {
        match &self.target.get {
            Some(url) => target::topology_of(url),
            None => self.topology.read(),
        }
    }

    /// Returns the target of the load.
    ///
    /// # Errors
    /// A [`Failure`] for a target that is invalid, may not be loaded, or does not answer.
    pub fn aim(&self, topology: Topology) -> Result<LoadTarget, Failure> {
        Ok(match target::running(&self.target, &topology)? {
            // An error, not ignored: the result would be taken for that of the replicas.
            Some(_) if !self.topology.replicas.is_empty() => {
                return Err(Failure::usage(
                    "--replicas: expected a system to start, found one that is already running",
                ));
            }
            Some(target) => target,
            None => LoadTarget::Started(Box::new(StartOptions {
                topology,
                choice: self.provider.choice(),
                overrides: BTreeMap::new(),
            })),
        })
    }

    /// Returns the folder that holds the folders of runs.
    #[must_use]
    pub fn runs(&self) -> std::path::PathBuf {
        self.runs.runs.clone()
    }
}
