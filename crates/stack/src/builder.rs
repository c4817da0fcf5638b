//! Builds a stack: chooses its provider and makes the proxies of its links. No node runs yet.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use faultline_proxy::Registry;

use super::choice::{self, Choice, ProviderChoice, Site};
use super::error::StackError;
use super::links::{Links, Wiring};
use super::overrides::Override;
use super::publish::Ports;
use super::run_id::RunId;
use super::stack::Stack;
use super::topology::Topology;

/// Longest time that a system may take to be ready, unless told otherwise.
// PostgreSQL and RabbitMQ on cold disks take most of a minute.
pub const READY_WITHIN: Duration = Duration::from_secs(90);

/// Options of a stack. Unless told otherwise it has the provider that suits the machine, free ports, a proxy on every
/// link, a registry of its own, no overrides, and 90 s to be ready.
#[derive(Debug, Clone)]
pub struct StackBuilder<'a> {
    topology: Topology,
    choice: Choice,
    ports: Ports,
    wiring: Wiring,
    overrides: BTreeMap<String, Override>,
    registry: Option<&'a Registry>,
    ready_within: Duration,
}

impl<'a> StackBuilder<'a> {
    /// Begins with a topology and the options that suit most callers.
    #[must_use]
    pub fn new(topology: Topology) -> Self {
        Self {
            topology,
            choice: Choice::Auto,
            ports: Ports::Free,
            wiring: Wiring::Proxied,
            overrides: BTreeMap::new(),
            registry: None,
            ready_within: READY_WITHIN,
        }
    }

    /// Asks for a provider.
    #[must_use]
    pub fn choice(self, choice: Choice) -> Self {
        Self { choice, ..self }
    }

    /// Asks for free or for published ports.
    #[must_use]
    pub fn ports(self, ports: Ports) -> Self {
        Self { ports, ..self }
    }

    /// Asks for links through proxies, or for direct ones.
    #[must_use]
    pub fn wiring(self, wiring: Wiring) -> Self {
        Self { wiring, ..self }
    }

    /// Replaces programs or adds variables, by node.
    #[must_use]
    pub fn overrides(self, overrides: BTreeMap<String, Override>) -> Self {
        Self { overrides, ..self }
    }

    /// Puts the proxies of the links into this registry.
    #[must_use]
    pub fn registry(self, registry: &'a Registry) -> Self {
        Self { registry: Some(registry), ..self }
    }

    /// Limits the time that the whole system may take to be ready.
    #[must_use]
    pub fn ready_within(self, ready_within: Duration) -> Self {
        Self { ready_within, ..self }
    }

    /// Chooses the provider and makes the proxies, for a run and its folder.
    ///
    /// # Errors
    /// Returns [`StackError`] if the provider lacks something, or a proxy cannot listen.
    pub async fn build(self, run: &RunId, folder: &Path) -> Result<Stack, StackError> {
        let Self { topology, choice, ports, wiring, overrides, registry, ready_within } = self;
        let site = Site { run, folder, ports, overrides: &overrides };
        let ProviderChoice { provider, why } = choice::choose(choice, &topology, site).await?;
        let own = Registry::new(0);
        let registry = registry.unwrap_or(&own);
        let links = match Links::start(&topology, provider.as_ref(), wiring, registry).await {
            Ok(links) => links,
            Err(error) => {
                // The provider may have made something for them, as a network.
                provider.shutdown().await;
                return Err(error);
            }
        };
        // Once for all starts: the proxies keep their ports, so a node that restarts needs no other.
        let environments = topology
            .nodes
            .values()
            .map(|node| (node.name.to_string(), links.rewrite(&topology, node)))
            .collect();
        Ok(Stack { topology, provider, links, environments, provider_reason: why, ready_within })
    }
}
