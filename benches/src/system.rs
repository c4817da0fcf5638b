//! The real system, started from this repository's own files, once for a whole bench. Its nodes reach each other
//! directly, without the lab's proxies, which would be measured too; but for benches that slow a link down.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use faultline::cli::output::note;
use faultline::proxy::{Direction, NewToxic, Registry};
use faultline::runner::RunFolder;
use faultline::stack::{
    self, Choice, NodeState, Ports, ProviderChoice, Site, Stack, StackError, Topology, Wiring, topology, tree,
};
use faultline_toxics::{LATENCY, ToxicSettings};

use crate::Failed;

/// How long the system may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// The system, ready to be loaded.
pub struct System {
    stack: Stack,
    folder: RunFolder,
}

impl System {
    /// Starts it on free ports and waits until it is ready.
    ///
    /// # Errors
    /// What the topology, the folder of the run or the stack says.
    pub async fn start() -> Result<Self, Failed> {
        Self::start_with(&[], Wiring::Direct).await
    }

    /// The same with so many of some nodes, or with proxies.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_with(replicas: &[(String, usize)], wiring: Wiring) -> Result<Self, Failed> {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
        let mut topology = topology::read_file(&repository.join("docker-compose.yml"))?;
        for (node, number) in replicas {
            topology.replicate(node, *number)?;
        }
        let folder = RunFolder::create(&repository.join("runs"), "up", "bench")?;
        match ready(topology, &folder, wiring).await {
            Ok(stack) => Ok(Self { stack, folder }),
            Err(error) => {
                folder.remove_data()?;
                Err(error)
            }
        }
    }

    /// Where a port of a node is reached.
    ///
    /// # Errors
    /// [`StackError`] for a node or port that the topology does not have.
    pub fn address(&self, node: &str, port: u16) -> Result<SocketAddr, StackError> {
        self.stack.address(node, port)
    }

    /// The stack itself.
    #[must_use]
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Delays data on a link by this much each way, or no longer. Only where links have proxies.
    pub async fn delay(&self, link: &str, latency: Option<Duration>) {
        let links = self.stack.topology().links_named(link);
        for direction in [Direction::Upstream, Direction::Downstream] {
            let name = format!("bench_{}", direction.name());
            self.stack.links().remove(&links, &name).await;
            if let Some(latency) = latency {
                let mut settings = ToxicSettings::new(&LATENCY);
                let millis = i64::try_from(latency.as_millis()).unwrap_or(i64::MAX);
                settings.set("latency", millis).expect("latency has this attribute, and takes any number");
                let (toxicity, direction_text, seed) = (1.0, None, None);
                let toxic = NewToxic { name, direction, direction_text, toxicity, settings, seed };
                self.stack.links().add(&links, &toxic).await;
            }
        }
    }

    /// The CPU time that a node and its children have used until now.
    ///
    /// # Errors
    /// When it is not running on this machine.
    pub fn cpu(&self, node: &str) -> Result<Duration, Failed> {
        match self.stack.provider().state(node) {
            NodeState::Running(pid) => Ok(tree::cpu(pid)?),
            state => Err(format!("{node} is {state}").into()),
        }
    }

    /// The most memory that a node has had until now, in MiB.
    ///
    /// # Errors
    /// When it is not running on this machine.
    pub fn peak_memory(&self, node: &str) -> Result<f64, Failed> {
        let NodeState::Running(pid) = self.stack.provider().state(node) else {
            return Err(format!("{node} is not running").into());
        };
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        Ok(peak.ok_or("the kernel does not tell a peak of memory")?.parse::<f64>()? / 1024.0)
    }

    /// Ends it, and removes its data.
    pub async fn end(self) {
        self.stack.shutdown().await;
        if let Err(error) = self.folder.remove_data() {
            note(&error);
        }
    }
}

async fn ready(topology: Topology, folder: &RunFolder, wiring: Wiring) -> Result<Stack, Failed> {
    let none = BTreeMap::new();
    let site = Site { run: folder.run(), folder: folder.path(), ports: Ports::Free, overrides: &none };
    let ProviderChoice { provider, why } = stack::choose(Choice::Auto, &topology, site).await?;
    note(format_args!("starting the system: {why}"));
    let stack = Stack::new(topology, provider, wiring, &Registry::new(0)).await?;
    if let Err(error) = stack.start(READY_WITHIN, &|_| {}).await {
        stack.shutdown().await;
        return Err(error.into());
    }
    Ok(stack)
}
