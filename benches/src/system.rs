//! Real system of this repository, started once for a whole bench. Its nodes connect to each other directly, since the
//! proxies of the lab would be measured too; benches of the proxies, and those that slow a link down, ask for them.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use faultline::cli::output::note;
use faultline::proxy::{Direction, NewToxic};
use faultline::runner::RunFolder;
use faultline::stack::{NodeState, Stack, StackBuilder, StackError, Topology, Wiring, topology, tree};
use faultline_toxics::{LATENCY, ToxicSettings};

use crate::failure::BenchError;

/// System that is ready to be loaded.
pub struct RunningSystem {
    stack: Stack,
    folder: RunFolder,
}

impl RunningSystem {
    /// Starts the system on free ports and waits until it is ready.
    ///
    /// # Errors
    /// Returns the error of the topology, of the folder of the run, or of the stack.
    pub async fn start() -> Result<Self, BenchError> {
        Self::start_with(&[], Wiring::Direct).await
    }

    /// Starts the system with more replicas of some nodes, or with proxies, and waits until it is ready.
    ///
    /// # Errors
    /// Returns the error of the topology, of the folder of the run, or of the stack.
    pub async fn start_with(replicas: &[(String, usize)], wiring: Wiring) -> Result<Self, BenchError> {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
        let mut topology = topology::read_file(&repository.join("docker-compose.yml"))?;
        for (node, number) in replicas {
            topology.replicate(node, *number)?;
        }
        // A folder of a run, so that `faultline heal` finds the system after a bench that was killed.
        let folder = RunFolder::create(&repository.join("runs"), "up", "bench")?;
        match ready(topology, &folder, wiring).await {
            Ok(stack) => Ok(Self { stack, folder }),
            Err(error) => {
                // Nobody else would: only a system that started is ended by its owner.
                folder.remove_data()?;
                Err(error)
            }
        }
    }

    /// Address of a port of a node.
    ///
    /// # Errors
    /// Returns [`StackError`] for a node or port that the topology does not have.
    pub fn address(&self, node: &str, port: u16) -> Result<SocketAddr, StackError> {
        self.stack.address(node, port)
    }

    /// Stack of the system.
    #[must_use]
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Delays data on a link in both directions; without a latency it ends the delay. The links must have proxies.
    pub async fn delay(&self, link: &str, latency: Option<Duration>) {
        let links = self.stack.topology().links_named(link);
        for direction in [Direction::Upstream, Direction::Downstream] {
            let name = format!("bench_{}", direction.name());
            // Removed first, since a toxic of the same name can't be added twice.
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

    /// CPU time that a node and its children have used until now.
    ///
    /// # Errors
    /// Fails when the node is not running on this machine.
    pub fn cpu(&self, node: &str) -> Result<Duration, BenchError> {
        match self.stack.provider().state(node) {
            NodeState::Running(pid) => Ok(tree::cpu(pid)?),
            state => Err(format!("{node}: expected a running node, found {state}").into()),
        }
    }

    /// Peak memory of a node until now, in MiB.
    ///
    /// # Errors
    /// Fails when the node is not running on this machine.
    pub fn peak_memory(&self, node: &str) -> Result<f64, BenchError> {
        let NodeState::Running(pid) = self.stack.provider().state(node) else {
            return Err(format!("{node}: expected a running node").into());
        };
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        // VmHWM is the highest resident memory that the kernel has seen.
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        Ok(peak.ok_or("the kernel does not report the peak of memory")?.parse::<f64>()? / 1024.0)
    }

    /// Ends the system and removes its data.
    pub async fn end(self) {
        self.stack.shutdown().await;
        if let Err(error) = self.folder.remove_data() {
            note(&error);
        }
    }
}

async fn ready(topology: Topology, folder: &RunFolder, wiring: Wiring) -> Result<Stack, BenchError> {
    let stack = StackBuilder::new(topology).wiring(wiring).build(folder.run(), folder.path()).await?;
    note(format_args!("starting the system: {}", stack.provider_reason()));
    if let Err(error) = stack.start(&|_| {}).await {
        stack.shutdown().await;
        return Err(error.into());
    }
    Ok(stack)
}
