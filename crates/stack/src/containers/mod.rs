//! The provider that runs nodes as containers of an engine, with the images of the compose file.
//!
//! | module | content |
//! | --- | --- |
//! | [`context`] | the address of the engine |
//! | [`engine`] | the client of the engine, and the way from containers to this machine |
//! | `labels` | the labels of what a run makes in the engine |
//! | `plan` | the plan of a node's container |
//! | `request` | the request for a node's container |
//! | `node` | one node as a container: its state and its start |
//! | `pause`, `end`, `look` | its pause, its end, and a look at it |
//! | `logs` | the output of a container in a file |
//! | [`sweep`] | containers and networks of a run, and their removal |

pub mod context;
mod end;
pub mod engine;
mod labels;
mod logs;
mod look;
mod node;
mod pause;
mod plan;
mod request;
pub mod sweep;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::future::BoxFuture;

pub use engine::ContainerEngine;

use self::labels::Labels;
use self::node::{ContainerNode, EnginePlace};
use self::plan::ContainerPlan;
use super::doorway::Doorway;
use super::error::{EngineError, StackError};
use super::overrides::Override;
use super::process;
use super::provider::{Frozen, NodeState, Provider};
use super::publish::Ports;
use super::run_id::RunId;
use super::stop::StopOutcome;
use super::topology::{Node, Topology};

/// A file in the folder of a run, there as long as the run has containers in an engine; names the engine.
pub const MARK: &str = "has-containers";

/// Provider that runs each node as a container.
pub struct Containers {
    at: Arc<EnginePlace>,
    run: RunId,
    mark: PathBuf,
    members: BTreeMap<String, Arc<ContainerNode>>,
}

impl Containers {
    /// Checks that the images of `nodes` are there, reserves their ports and makes the network of the run; no
    /// container is made yet. `folder` gets their logs.
    ///
    /// # Errors
    /// [`StackError`] names the node whose image is missing or whose port is taken.
    pub async fn new(
        engine: ContainerEngine,
        topology: &Topology,
        nodes: &[&Node],
        run: &RunId,
        folder: &Path,
        ports: Ports,
        overrides: &BTreeMap<String, Override>,
    ) -> Result<Self, StackError> {
        // Whatever can be refused is refused before anything is made in the engine.
        check_images(&engine, nodes).await?;
        make_logs(folder)?;
        let mark = folder.join(MARK);
        // Before the network: a lab that dies after this line leaves things that `heal` must look for.
        std::fs::write(&mark, format!("{}\n", engine.at()))
            .map_err(|source| StackError::File { what: format!("can't write {}", mark.display()), source })?;
        let mut plans = Vec::new();
        for node in nodes {
            let special = overrides.get(node.name.as_str()).cloned().unwrap_or_default();
            plans.push(ContainerPlan::new(topology, node, run, folder, ports, special)?);
        }
        let (labels, network) = (Labels::new(run), format!("faultline-{run}"));
        let doorway = engine.make_network(&network, &labels).await?;
        let at = Arc::new(EnginePlace { engine, labels, network, doorway });
        let members = plans.into_iter().map(|plan| plan.node(&at)).collect();
        Ok(Self { at, run: run.clone(), mark, members })
    }

    /// Removes whatever is left of the run in the engine.
    async fn sweep(&self) -> Result<(), EngineError> {
        for leftover in self.at.engine.of_run(&self.run).await? {
            self.at.engine.remove(&leftover).await?;
        }
        Ok(())
    }

    fn member(&self, node: &str) -> Result<&Arc<ContainerNode>, StackError> {
        self.members.get(node).ok_or_else(|| StackError::NoNode(node.to_owned()))
    }
}

/// Checks that the image of each node is there.
///
/// # Errors
/// [`EngineError::NoImage`] of the first that is not, with the command that gets it.
pub async fn check_images(engine: &ContainerEngine, nodes: &[&Node]) -> Result<(), EngineError> {
    for node in nodes {
        let Some(container) = &node.container else { continue };
        if !engine.has_image(&container.image).await? {
            return Err(EngineError::NoImage {
                node: node.name.to_string(),
                image: container.image.clone(),
                how: match container.is_built {
                    true => format!("docker compose build {}", node.name),
                    false => format!("docker pull {}", container.image),
                },
            });
        }
    }
    Ok(())
}

fn make_logs(folder: &Path) -> Result<(), StackError> {
    let logs = folder.join("logs");
    std::fs::create_dir_all(&logs)
        .map_err(|source| StackError::File { what: format!("can't make {}", logs.display()), source })
}

/// Reads the health check of the image; an image without one is ready when it runs.
async fn is_healthy(member: &ContainerNode) -> Result<(), String> {
    let health = member.look().await.and_then(|seen| seen.health).filter(|health| !health.is_empty());
    match health.as_deref() {
        // Docker writes "none", or nothing, for an image without a check.
        None | Some("healthy" | "none") => Ok(()),
        Some(other) => Err(format!("health check: expected \"healthy\", found \"{other}\"")),
    }
}

impl Provider for Containers {
    fn name(&self) -> &'static str {
        "containers"
    }

    fn address(&self, node: &str, port: u16) -> Option<SocketAddr> {
        self.members.get(node)?.place.address(port)
    }

    fn doorway(&self, _: &str) -> Doorway {
        self.at.doorway.clone()
    }

    fn start<'a>(
        &'a self,
        node: &'a str,
        environment: &'a BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<(), StackError>> {
        Box::pin(async move { Arc::clone(self.member(node)?).start(environment.clone()).await })
    }

    fn ready<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let member = self.member(node).map_err(|error| error.to_string())?;
            match (&member.server, member.state()) {
                // In its own protocol: the health check of an image runs only every few seconds.
                (Some(server), _) => server.ready(&member.place).await,
                (None, NodeState::Running(_)) => is_healthy(member).await,
                (None, state) => Err(state.to_string()),
            }
        })
    }

    fn provision<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), StackError>> {
        Box::pin(async move {
            let member = self.member(node)?;
            let already = member.lock().provisioned;
            if let (Some(server), false) = (&member.server, already) {
                let failed = |source| StackError::Server { node: node.to_owned(), source };
                server.provision(&member.place).await.map_err(failed)?;
                member.lock().provisioned = true;
            }
            Ok(())
        })
    }

    fn state(&self, node: &str) -> NodeState {
        self.members.get(node).map_or(NodeState::Absent, |member| member.state())
    }

    fn kill<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), StackError>> {
        Box::pin(async move { self.member(node)?.kill().await })
    }

    fn stop<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<StopOutcome, StackError>> {
        Box::pin(async move { self.member(node)?.stop().await })
    }

    fn pause<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), StackError>> {
        Box::pin(async move { self.member(node)?.pause().await })
    }

    fn resume<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), StackError>> {
        Box::pin(async move { self.member(node)?.resume().await })
    }

    fn is_gone<'a>(&'a self, node: &'a str, pid: u32) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let Ok(member) = self.member(node) else { return false };
            // An engine that does not answer proves nothing, so the node does not count as gone.
            member.look().await.is_some_and(|seen| !seen.running || seen.pid != pid)
        })
    }

    fn frozen<'a>(&'a self, node: &'a str, pid: u32) -> BoxFuture<'a, Frozen> {
        Box::pin(async move {
            let none = Frozen { processes: 0, running: 0 };
            let Ok(member) = self.member(node) else { return none };
            match member.look().await.filter(|seen| seen.running && seen.pid == pid) {
                Some(seen) => {
                    // The engine freezes the control group, and with it all processes or none.
                    let processes = member.count().await;
                    Frozen { processes, running: if seen.paused { 0 } else { processes } }
                }
                None => none,
            }
        })
    }

    fn log_tail(&self, node: &str) -> String {
        self.members.get(node).map(|member| process::tail(&member.place.log)).unwrap_or_default()
    }

    fn shutdown(&self) -> BoxFuture<'_, Vec<StopOutcome>> {
        Box::pin(async move {
            // Killed, not asked: each stop by the engine would make the end of every run longer.
            futures::future::join_all(self.members.values().map(|member| member.end())).await;
            // The network, and whatever was made of a start that failed.
            match self.sweep().await {
                // None there any more is right too.
                Ok(()) => drop(std::fs::remove_file(&self.mark)),
                Err(error) => tracing::warn!("{error}; `faultline heal` removes what is left"),
            }
            Vec::new()
        })
    }
}
