//! How the operations of a load are made, and what they go to: the arguments that several verbs share.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use toml::Spanned;

use super::exit::Failure;
use super::target::{self, TargetArgs};
use super::{ProviderArgs, RunsArgs, TopologyArgs};
use crate::runner::{LoadTarget, StartOptions};
use crate::scenario::duration::Span;
use crate::scenario::{Operations, Sizes};
use crate::stack::Topology;

/// How long the system may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// How operations are made.
#[derive(Debug, Clone, Args)]
pub struct OperationArgs {
    /// Bytes of an entry: 256, a range 64..1024, or weighted 64:50,1024:40,16384:10
    #[arg(long, value_name = "SIZES")]
    payload: Option<Sizes>,
    /// Time that each operation may take
    #[arg(long, value_name = "TIME")]
    timeout: Option<Span>,
    /// Operations that may be under way at once; what is due beyond them is counted as dropped
    #[arg(long, value_name = "COUNT")]
    in_flight: Option<std::num::NonZeroU32>,
    /// Decides everything that is random; a new one if not given
    #[arg(long)]
    seed: Option<u64>,
}

impl OperationArgs {
    /// Puts what was given in the place of what is there.
    pub fn apply(&self, operations: &mut Operations) {
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

    /// The seed, or a new one.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or_else(|| u64::from(rand::random::<u32>()))
    }
}

/// What is loaded, and where its results go.
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
    /// The system as it is described.
    ///
    /// # Errors
    /// A [`Failure`] of usage that names the place of a mistake.
    pub fn described(&self) -> Result<Topology, Failure> {
        match &self.target.get {
            Some(url) => target::topology_of(url),
            None => self.topology.read(),
        }
    }

    /// What the load goes to.
    ///
    /// # Errors
    /// A [`Failure`] when it is none, may not be loaded, or does not answer.
    pub fn aim(&self, topology: Topology) -> Result<LoadTarget, Failure> {
        Ok(match target::running(&self.target, &topology)? {
            Some(_) if !self.topology.replicas.is_empty() => {
                return Err(Failure::usage(
                    "--replicas is for a system that is started; this one runs already",
                ));
            }
            Some(target) => target,
            None => LoadTarget::Started(Box::new(StartOptions {
                topology,
                choice: self.provider.choice(),
                overrides: BTreeMap::new(),
                ready_within: READY_WITHIN,
            })),
        })
    }

    /// The folder that holds the folders of runs.
    #[must_use]
    pub fn runs(&self) -> std::path::PathBuf {
        self.runs.runs.clone()
    }
}
