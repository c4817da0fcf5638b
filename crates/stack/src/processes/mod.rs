//! The provider that runs every node as a child process of the harness, on ports of 127.0.0.1.
//!
//! | module | content |
//! | --- | --- |
//! | `node` | one node as a process: its command, its state and its end |
//! | `program` | the program of a node |

mod node;
mod program;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use futures::future::BoxFuture;
use nix::sys::signal::Signal;

use self::node::ProcessNode;
use self::program::{ProgramKind, prepare};
use super::doorway::Doorway;
use super::error::StackError;
use super::guard::Guard;
use super::identity::Identity;
use super::overrides::Override;
use super::process::Process;
use super::provider::{Frozen, NodeState, Provider};
use super::publish::{Ports, ReservedPorts};
use super::run_id::RunId;
use super::stop::StopOutcome;
use super::topology::{Node, Topology};
use super::{data, process, tree};

/// Time that a node may take to stop gracefully.
// Named in the description of the fault `stop`.
const GRACE: Duration = Duration::from_secs(20);

/// Provider that runs each node as a process of this machine.
pub struct Processes {
    run: RunId,
    members: BTreeMap<String, ProcessNode>,
}

impl Processes {
    /// Finds the program of each of `nodes` and reserves their ports; nothing runs yet. `folder` gets a folder
    /// for each node and its log.
    ///
    /// # Errors
    /// [`StackError`] names the node whose program is missing or whose port is taken.
    pub fn new(
        topology: &Topology,
        nodes: &[&Node],
        run: &RunId,
        folder: &Path,
        ports: Ports,
        overrides: &BTreeMap<String, Override>,
    ) -> Result<Self, StackError> {
        let unmade = |source| StackError::File { what: "can't make the folder for data".to_owned(), source };
        data::make(folder, run).map_err(unmade)?;
        let mut members = BTreeMap::new();
        for node in nodes {
            let special = overrides.get(node.name.as_str()).cloned().unwrap_or_default();
            let held = ReservedPorts::reserve(topology, node, ports)?;
            members.insert(node.name.to_string(), ProcessNode::new(node, run, folder, held, special)?);
        }
        Ok(Self { run: run.clone(), members })
    }

    /// Tells whether this provider runs a node.
    pub(super) fn has(&self, node: &str) -> bool {
        self.members.contains_key(node)
    }

    fn member(&self, node: &str) -> Result<&ProcessNode, StackError> {
        self.members.get(node).ok_or_else(|| StackError::NoNode(node.to_owned()))
    }
}

fn signalled(node: &str, source: std::io::Error) -> StackError {
    StackError::File { what: format!("can't signal the processes of {node}"), source }
}

impl Provider for Processes {
    fn name(&self) -> &'static str {
        "processes"
    }

    fn address(&self, node: &str, port: u16) -> Option<SocketAddr> {
        self.members.get(node)?.place.address(port)
    }

    fn doorway(&self, _: &str) -> Doorway {
        Doorway::loopback()
    }

    fn neighbour(&self, node: &str, port: u16) -> Option<String> {
        self.address(node, port).map(|address| address.to_string())
    }

    fn start<'a>(
        &'a self,
        node: &'a str,
        environment: &'a BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<(), StackError>> {
        Box::pin(async move {
            let member = self.member(node)?;
            let _turn = member.turn.lock().await;
            if let state @ (NodeState::Running(_) | NodeState::Paused(_)) = member.state() {
                return Err(StackError::State {
                    node: node.to_owned(),
                    action: "started",
                    state: state.to_string(),
                });
            }
            let failed = |source| StackError::Server { node: node.to_owned(), source };
            let broken = |source| StackError::Process { node: node.to_owned(), source };
            if let ProgramKind::Server(server) = &member.kind {
                prepare(server, &member.place).await.map_err(failed)?;
            }
            let process = Process::spawn(&member.spec(environment).map_err(failed)?).map_err(broken)?;
            let mut running = member.lock();
            running.process = Some(process);
            // A node that died while it was paused still has its guard.
            running.guard = None;
            running.down = None;
            Ok(())
        })
    }

    fn ready<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let member = self.member(node).map_err(|error| error.to_string())?;
            match &member.kind {
                ProgramKind::Server(server) => server.ready(&member.place).await,
                ProgramKind::Binary { .. } => match member.state() {
                    NodeState::Running(_) => Ok(()),
                    state => Err(state.to_string()),
                },
            }
        })
    }

    fn provision<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), StackError>> {
        Box::pin(async move {
            let member = self.member(node)?;
            // Users and databases are in the data folder, which a restart keeps.
            let already = member.lock().provisioned;
            if let (ProgramKind::Server(server), false) = (&member.kind, already) {
                server
                    .provision(&member.place)
                    .await
                    .map_err(|source| StackError::Server { node: node.to_owned(), source })?;
                member.lock().provisioned = true;
            }
            Ok(())
        })
    }

    fn state(&self, node: &str) -> NodeState {
        self.members.get(node).map_or(NodeState::Absent, ProcessNode::state)
    }

    fn kill<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), StackError>> {
        Box::pin(async move {
            let member = self.member(node)?;
            let _turn = member.turn.lock().await;
            member.take(node, "killed")?.kill().await;
            Ok(())
        })
    }

    fn stop<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<StopOutcome, StackError>> {
        Box::pin(async move {
            let member = self.member(node)?;
            let _turn = member.turn.lock().await;
            let process = member.take(node, "stopped")?;
            let pid = process.pid();
            let stop = member.stop(node, process, GRACE).await;
            member.lock().down = Some(format!("pid {pid} was stopped and ended with {}", stop.status));
            Ok(stop)
        })
    }

    fn pause<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), StackError>> {
        Box::pin(async move {
            let member = self.member(node)?;
            let _turn = member.turn.lock().await;
            let pid = member.pid(node, "paused")?;
            let family = tree::family(pid).map_err(|source| signalled(node, source))?;
            // The node itself has the lab's death signal, and SIGKILL ends a paused process too. The guard
            // comes first, so that a lab that dies in between leaves nothing paused.
            let descendants: Vec<_> = family.into_iter().filter(|process| process.pid != pid).collect();
            let guard = Guard::over(&descendants).map_err(|source| signalled(node, source))?;
            tree::pause(pid).await.map_err(|source| signalled(node, source))?;
            member.lock().guard = Some(guard);
            Ok(())
        })
    }

    fn resume<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), StackError>> {
        Box::pin(async move {
            let member = self.member(node)?;
            let _turn = member.turn.lock().await;
            let pid = member.pid(node, "resumed")?;
            tree::signal(pid, Signal::SIGCONT).map_err(|source| signalled(node, source))?;
            // Released last: until they run again, the processes need it.
            member.lock().guard = None;
            Ok(())
        })
    }

    fn identity(&self, node: &str) -> Option<Identity> {
        Identity::of(self.members.get(node)?.pid(node, "seen").ok()?)
    }

    fn is_gone<'a>(&'a self, _: &'a str, pid: u32) -> BoxFuture<'a, bool> {
        Box::pin(async move { tree::see(pid).is_none() })
    }

    fn frozen<'a>(&'a self, _: &'a str, pid: u32) -> BoxFuture<'a, Frozen> {
        Box::pin(async move {
            let processes = tree::family(pid).map_or(0, |tree| tree.len());
            // What cannot be read counts as running, so that it never passes for evidence of a pause.
            let running = tree::running(pid).map_or(processes, |running| running.len());
            Frozen { processes, running }
        })
    }

    fn log_tail(&self, node: &str) -> String {
        self.members.get(node).map(|member| process::tail(&member.place.log)).unwrap_or_default()
    }

    fn shutdown(&self) -> BoxFuture<'_, Vec<StopOutcome>> {
        Box::pin(async move {
            tracing::debug!("ending the nodes of run {}", self.run);
            let (services, servers): (Vec<_>, Vec<_>) =
                self.members.iter().partition(|(_, member)| member.is_service());
            // Services first: they drain into servers that are still there.
            let mut stops = Vec::new();
            for members in [services, servers] {
                let ends = members.into_iter().map(|(node, member)| member.end(node));
                stops.extend(futures::future::join_all(ends).await.into_iter().flatten());
            }
            stops
        })
    }
}

#[cfg(test)]
mod tests;
