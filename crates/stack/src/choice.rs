//! Chooses how the nodes of a stack are run, and says why.

use std::collections::BTreeMap;
use std::path::Path;

use super::containers::{self, ContainerEngine, Containers};
use super::error::{EngineError, StackError};
use super::mixed::Mixed;
use super::overrides::{self, Override};
use super::processes::Processes;
use super::provider::Provider;
use super::publish::Ports;
use super::run_id::RunId;
use super::topology::{Node, Program, Topology};

/// Provider that a user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// Containers where an engine answers and holds the images, else processes.
    #[default]
    Auto,
    /// Every node as a child process.
    Processes,
    /// Every node as a container.
    Containers,
    /// Programs of the system under test as processes, everything else as containers.
    Mixed,
}

/// The provider that was chosen.
pub(super) struct ProviderChoice {
    /// The provider itself.
    pub(super) provider: Box<dyn Provider>,
    /// Name of the provider and the reason for it, in one line.
    pub(super) why: String,
}

/// Place of a stack: its run, its folders, its ports.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'a> {
    /// Id of the run.
    pub(super) run: &'a RunId,
    /// The folder of the run.
    pub(super) folder: &'a Path,
    /// Ports of the nodes.
    pub(super) ports: Ports,
    /// Differences from the topology, by node.
    pub(super) overrides: &'a BTreeMap<String, Override>,
}

/// Makes the provider; no node runs yet.
///
/// # Errors
/// [`StackError`] names what is missing for the choice, and how to get it.
pub(super) async fn choose(
    choice: Choice,
    topology: &Topology,
    site: Site<'_>,
) -> Result<ProviderChoice, StackError> {
    overrides::check(topology, site.overrides)?;
    let all = topology.all();
    match choice {
        Choice::Processes => processes(topology, site, "as asked for"),
        Choice::Containers => {
            containers(ContainerEngine::connect().await?, topology, &all, site, "as asked for").await
        }
        Choice::Mixed => mixed(topology, site).await,
        // Containers are what the compose file describes; processes need no engine and no image, so that a first run works
        // anywhere.
        Choice::Auto => match usable_engine(topology, site, &all).await {
            Ok(engine) => {
                containers(engine, topology, &all, site, "container engine available, all images present")
                    .await
            }
            Err(why) => processes(topology, site, &why),
        },
    }
}

/// Finds an engine that can run all nodes, or the reason for which there is none.
async fn usable_engine(
    topology: &Topology,
    site: Site<'_>,
    nodes: &[&Node],
) -> Result<ContainerEngine, String> {
    // An image holds its own program. These two checks need no engine, so they come first.
    if let Some((node, _)) = site.overrides.iter().find(|(_, special)| special.program.is_some()) {
        return Err(format!("{node} runs a program of your own"));
    }
    if let Some(node) = topology.nodes.values().find(|node| node.container.is_none()) {
        return Err(format!("{} has no image in docker-compose.yml", node.name));
    }
    let engine = ContainerEngine::connect().await.map_err(|error| brief(&error))?;
    containers::check_images(&engine, nodes).await.map_err(|error| brief(&error))?;
    Ok(engine)
}

/// Explains why there are no containers, without advice: nobody asked for them.
fn brief(error: &EngineError) -> String {
    match error {
        EngineError::NoAnswer { at, .. } => format!("no container engine answers at {at}"),
        EngineError::NoPermission { at } => format!("this user may not use the container engine at {at}"),
        EngineError::NoImage { image, how, .. } => format!("no image {image}; get it with `{how}`"),
        other => other.to_string(),
    }
}

fn processes(topology: &Topology, site: Site<'_>, why: &str) -> Result<ProviderChoice, StackError> {
    let nodes = topology.all();
    let provider = Processes::new(topology, &nodes, site.run, site.folder, site.ports, site.overrides)?;
    Ok(ProviderChoice { provider: Box::new(provider), why: format!("processes ({why})") })
}

async fn containers(
    engine: ContainerEngine,
    topology: &Topology,
    nodes: &[&Node],
    site: Site<'_>,
    why: &str,
) -> Result<ProviderChoice, StackError> {
    let provider =
        Containers::new(engine, topology, nodes, site.run, site.folder, site.ports, site.overrides).await?;
    Ok(ProviderChoice { provider: Box::new(provider), why: format!("containers ({why})") })
}

async fn mixed(topology: &Topology, site: Site<'_>) -> Result<ProviderChoice, StackError> {
    let is_process = |node: &&Node| matches!(node.program, Some(Program::Binary { .. }));
    let (ours, others): (Vec<&Node>, Vec<&Node>) = topology.nodes.values().partition(is_process);
    let processes = Processes::new(topology, &ours, site.run, site.folder, site.ports, site.overrides)?;
    let engine = ContainerEngine::connect().await?;
    let containers =
        Containers::new(engine, topology, &others, site.run, site.folder, site.ports, site.overrides).await?;
    let why = format!("{} nodes as containers, {} as processes (as asked for)", others.len(), ours.len());
    Ok(ProviderChoice { provider: Box::new(Mixed::new(containers, processes)), why })
}
