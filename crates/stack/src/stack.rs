//! Topology that runs: starts its nodes, waits until they are ready, stops them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

use super::error::StackError;
use super::links::Links;
use super::probe;
use super::provider::{NodeState, Provider};
use super::stop::StopOutcome;
use super::topology::{self, Topology};

/// A topology that runs.
pub struct Stack {
    pub(super) topology: Topology,
    pub(super) provider: Box<dyn Provider>,
    pub(super) links: Links,
    /// Variables of each node, with the addresses of its links.
    pub(super) environments: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) provider_reason: String,
    pub(super) ready_within: Duration,
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
    /// Starts every node at once and waits until all are ready, at most as long as the builder allowed.
    ///
    /// # Errors
    /// [`StackError`] names the node that could not be started, died, or was not ready in time, with the
    /// last lines of its log.
    pub async fn start(&self, message: &(dyn Fn(Starting) + Sync)) -> Result<(), StackError> {
        let begun = Instant::now();
        // All at once: services have to start before their dependencies, and recover by themselves.
        let nodes = self.topology.nodes.keys().map(|node| async move {
            self.start_node(node).await?;
            message(Starting::Started(node.clone()));
            self.wait_ready(node, begun + self.ready_within).await?;
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
    /// The condition that the node waits for, in its own words.
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

    /// Returns the name of the provider and the reason for which it was chosen, in one line.
    #[must_use]
    pub fn provider_reason(&self) -> &str {
        &self.provider_reason
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
