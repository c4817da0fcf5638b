//! The provider that runs some nodes as containers and the others as processes: for the developer who edits a
//! service and wants the quick loop.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use futures::future::BoxFuture;

use super::containers::Containers;
use super::doorway::Doorway;
use super::error::StackError;
use super::identity::Identity;
use super::processes::Processes;
use super::provider::{Frozen, NodeState, Provider};
use super::stop::StopOutcome;

/// Provider that runs some nodes as processes and some as containers.
// Somebody who works on one service runs it from the build, and the servers from images.
pub struct Mixed {
    containers: Containers,
    processes: Processes,
}

impl Mixed {
    /// Joins two providers, of which each node belongs to one.
    #[must_use]
    pub fn new(containers: Containers, processes: Processes) -> Self {
        Self { containers, processes }
    }

    fn provider(&self, node: &str) -> &dyn Provider {
        if self.processes.has(node) { &self.processes } else { &self.containers }
    }
}

impl Provider for Mixed {
    fn name(&self) -> &'static str {
        "containers and processes"
    }

    fn address(&self, node: &str, port: u16) -> Option<SocketAddr> {
        self.provider(node).address(node, port)
    }

    fn doorway(&self, node: &str) -> Doorway {
        self.provider(node).doorway(node)
    }

    // `neighbour` stays none: no container reaches a process on 127.0.0.1, and the question does not say who
    // connects. So every link has a proxy.
    fn start<'a>(
        &'a self,
        node: &'a str,
        environment: &'a BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<(), StackError>> {
        self.provider(node).start(node, environment)
    }

    fn ready<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), String>> {
        self.provider(node).ready(node)
    }

    fn provision<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), StackError>> {
        self.provider(node).provision(node)
    }

    fn state(&self, node: &str) -> NodeState {
        self.provider(node).state(node)
    }

    fn kill<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), StackError>> {
        self.provider(node).kill(node)
    }

    fn stop<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<StopOutcome, StackError>> {
        self.provider(node).stop(node)
    }

    fn pause<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), StackError>> {
        self.provider(node).pause(node)
    }

    fn resume<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), StackError>> {
        self.provider(node).resume(node)
    }

    fn identity(&self, node: &str) -> Option<Identity> {
        self.provider(node).identity(node)
    }

    fn is_gone<'a>(&'a self, node: &'a str, pid: u32) -> BoxFuture<'a, bool> {
        self.provider(node).is_gone(node, pid)
    }

    fn frozen<'a>(&'a self, node: &'a str, pid: u32) -> BoxFuture<'a, Frozen> {
        self.provider(node).frozen(node, pid)
    }

    fn log_tail(&self, node: &str) -> String {
        self.provider(node).log_tail(node)
    }

    fn shutdown(&self) -> BoxFuture<'_, Vec<StopOutcome>> {
        // Services first: they drain into servers that are still there.
        Box::pin(async move {
            let mut stops = self.processes.shutdown().await;
            stops.extend(self.containers.shutdown().await);
            stops
        })
    }
}
