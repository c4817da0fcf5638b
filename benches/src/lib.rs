//! What the benches share: the real system, started from this repository's own files, once for a whole bench.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use faultline::runner::RunFolder;
use faultline::stack::{self, Choice, Chosen, Ports, Site, Stack, StackError, topology};

/// How long the system may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// The system, ready to be loaded.
pub struct System {
    stack: Stack,
    folder: RunFolder,
}

/// Why there is no system.
pub type Failed = Box<dyn std::error::Error>;

impl System {
    /// Starts it on free ports and waits until it is ready.
    ///
    /// # Errors
    /// What the topology, the folder of the run or the stack says.
    pub async fn start() -> Result<Self, Failed> {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
        let topology = topology::read_file(&repository.join("docker-compose.yml"))?;
        let folder = RunFolder::create(&repository.join("runs"), "up", "bench")?;
        let none = BTreeMap::new();
        let site = Site { run: folder.run(), folder: folder.path(), ports: Ports::Free, overrides: &none };
        let Chosen { provider, why } = stack::choose(Choice::Auto, &topology, site).await?;
        eprintln!("starting the system: {why}");
        let stack = Stack::new(topology, provider).await?;
        if let Err(error) = stack.start(READY_WITHIN, &|_| {}).await {
            stack.shutdown().await;
            return Err(error.into());
        }
        Ok(Self { stack, folder })
    }

    /// Where a port of a node is reached.
    ///
    /// # Errors
    /// [`StackError`] for a node or port that the topology does not have.
    pub fn address(&self, node: &str, port: u16) -> Result<SocketAddr, StackError> {
        self.stack.address(node, port)
    }

    /// Ends it, and removes its data.
    pub async fn end(self) {
        self.stack.shutdown().await;
        if let Err(error) = self.folder.remove_data() {
            eprintln!("{error}");
        }
    }
}
