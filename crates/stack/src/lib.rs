//! The system as it runs: topology, provider, and its links.
//!
//! | module | content |
//! | --- | --- |
//! | [`topology`] | nodes, links, paths, stores, queues, from a compose file |
//! | [`provider`] | the actions of every provider |
//! | [`choice`] | the choice of a provider, with its reason |
//! | [`processes`] | the provider that runs real servers as children |
//! | [`containers`] | the provider that runs the images of the compose file |
//! | [`mixed`] | the provider that runs some nodes as processes and some as containers |
//! | [`publish`] | the ports of this machine that nodes get |
//! | [`server`] | launchers of the servers that the lab knows |
//! | [`stop`] | the end of a node that was asked to stop |
//! | [`binary`] | the programs of the system under test |
//! | [`account`] | the account that a server runs as |
//! | [`process`], [`port`] | children that die with the harness; ports that nobody else takes |
//! | [`tree`] | a process and its descendants |
//! | `guard` | ends paused processes if the harness dies |
//! | [`data`] | the folder with the data of nodes |
//! | [`run_id`] | the id of a run |
//! | [`mark`] | the mark of a harness on what it makes |
//! | [`identity`] | a process among all namespaces and boots |
//! | [`plain_file`], [`printable`] | files and texts that others may have written |
//! | [`probe`] | a readiness check by HTTP |
//! | [`doorway`] | the way from a node to the proxies of its links |
//! | [`links`] | the links between nodes: through proxies, or direct |

pub mod account;
pub mod binary;
pub mod choice;
pub mod containers;
pub mod data;
pub mod doorway;
mod guard;
pub mod identity;
pub mod links;
pub mod mark;
pub mod mixed;
pub mod plain_file;
pub mod port;
pub mod printable;
pub mod probe;
pub mod process;
pub mod processes;
pub mod provider;
pub mod publish;
pub mod run_id;
pub mod server;
pub mod stop;
pub mod topology;
pub mod tree;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

use faultline_proxy::Registry;

pub use choice::{Choice, ProviderChoice, Site, choose};
pub use links::{Links, Wiring};
pub use provider::{Frozen, NodeState, Provider, StackError};
pub use publish::Ports;
pub use stop::StopOutcome;
pub use topology::Topology;

/// A topology that runs.
pub struct Stack {
    topology: Topology,
    provider: Box<dyn Provider>,
    links: Links,
    environments: BTreeMap<String, BTreeMap<String, String>>,
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let nodes: Vec<&String> = self.topology.nodes.keys().collect();
        f.debug_struct("Stack").field("provider", &self.provider.name()).field("nodes", &nodes).finish()
    }
}

/// Told while a stack starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Starting {
    /// A node's process runs.
    Started(String),
    /// A node is ready, and the time since the start of all.
    Ready(String, Duration),
}

impl Stack {
    /// Makes the proxies of links, and puts them in a registry. No node runs yet.
    ///
    /// # Errors
    /// [`StackError`] when a proxy can't listen.
    pub async fn new(
        topology: Topology,
        provider: Box<dyn Provider>,
        wiring: Wiring,
        registry: &Registry,
    ) -> Result<Self, StackError> {
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
        Ok(Self { topology, provider, links, environments })
    }

    /// Starts every node at once and waits until all are ready, at most `limit`.
    ///
    /// # Errors
    /// [`StackError`] names the node that could not be started, died, or was not ready in time, with the
    /// last lines of its log.
    pub async fn start(
        &self,
        limit: Duration,
        message: &(dyn Fn(Starting) + Sync),
    ) -> Result<(), StackError> {
        let begun = Instant::now();
        // All at once: services have to start before their dependencies, and recover by themselves.
        let nodes = self.topology.nodes.keys().map(|node| async move {
            self.start_node(node).await?;
            message(Starting::Started(node.clone()));
            self.wait_ready(node, begun + limit).await?;
            // Before the node counts as ready, since services log in with these users.
            self.provider.provision(node).await?;
            message(Starting::Ready(node.clone(), begun.elapsed()));
            Ok::<_, StackError>(())
        });
        futures::future::try_join_all(nodes).await?;
        Ok(())
    }

    /// Starts a node, or starts it again after it ended.
    ///
    /// # Errors
    /// [`StackError`] when its program is missing or can't be started.
    pub async fn start_node(&self, node: &str) -> Result<(), StackError> {
        let environment = self.environments.get(node).ok_or_else(|| StackError::NoNode(node.to_owned()))?;
        self.provider.start(node, environment).await
    }

    /// Waits until a node is ready, looking every 20 ms.
    ///
    /// # Errors
    /// [`StackError`] when it died, or was not ready by then; with the last lines of its log.
    pub async fn wait_ready(&self, node: &str, until: Instant) -> Result<(), StackError> {
        loop {
            let waits = match self.ready(node).await {
                Ok(()) => return Ok(()),
                Err(waits) => waits,
            };
            // No time makes a dead node ready, so its start fails at once and with its log.
            if let NodeState::Ended(how) | NodeState::Lost(how) = self.provider.state(node) {
                return Err(StackError::Died {
                    node: node.to_owned(),
                    how,
                    log: self.provider.log_tail(node),
                });
            }
            if Instant::now() >= until {
                let (node, log) = (node.to_owned(), self.provider.log_tail(node));
                return Err(StackError::NotReady { node, waits, log });
            }
            // Short, since most checks of a node that starts end at a closed port and cost little.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Checks once whether a node is ready.
    ///
    /// # Errors
    /// What it waits for, in its own words.
    pub async fn ready(&self, node: &str) -> Result<(), String> {
        let ready = self.topology.nodes.get(node).and_then(|node| node.ready.as_ref());
        match ready {
            Some(ready) => match self.provider.address(node, ready.port) {
                Some(address) => probe::http(address, &ready.route).await,
                None => Err(format!("port {} of {node} is not reachable", ready.port)),
            },
            None => self.provider.ready(node).await,
        }
    }

    /// Waits until every node is ready.
    ///
    /// # Errors
    /// [`StackError`] of the first that is not, by then.
    pub async fn wait_all_ready(&self, until: Instant) -> Result<(), StackError> {
        let nodes = self.topology.nodes.keys().map(|node| self.wait_ready(node, until));
        futures::future::try_join_all(nodes).await?;
        Ok(())
    }

    /// Returns the topology that runs.
    #[must_use]
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Returns the provider of the nodes.
    #[must_use]
    pub fn provider(&self) -> &dyn Provider {
        self.provider.as_ref()
    }

    /// Returns the links with their proxies.
    #[must_use]
    pub fn links(&self) -> &Links {
        &self.links
    }

    /// Returns the address at which a port of a node is reached without a proxy.
    ///
    /// # Errors
    /// [`StackError::NoPort`] for a node or port that the topology does not have.
    pub fn address(&self, node: &str, port: u16) -> Result<SocketAddr, StackError> {
        let address = self.provider.address(node, port);
        address.ok_or_else(|| StackError::NoPort { node: node.to_owned(), port })
    }

    /// A text with every address of a node replaced by where the lab reaches it.
    #[must_use]
    pub fn reachable(&self, text: &str) -> String {
        let nodes = self.topology.nodes.keys().map(String::as_str);
        topology::link::rewrite(text, nodes, &|node, port| {
            self.provider.address(node, port).map(|address| address.to_string())
        })
    }

    /// Ends every node; services are asked to stop first. Returns the ends of those that were asked.
    pub async fn shutdown(&self) -> Vec<StopOutcome> {
        self.provider.shutdown().await
    }
}
