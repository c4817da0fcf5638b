//! One system that several tests share: those that break nothing. It starts with the first of them and ends
//! with the last.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use faultline::proxy::Registry;
use faultline::runner::RunFolder;
use faultline::stack::{self, Chosen, Ports, Site, Stack, Wiring};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::Turn;

/// A system that runs.
pub(crate) struct Shared {
    /// It.
    pub(crate) stack: Stack,
    runtime: Runtime,
    folder: RunFolder,
    _runs: TempDir,
    _turn: Turn,
}

/// The system that is shared, started if it does not run.
pub(crate) fn shared() -> Arc<Shared> {
    static CURRENT: Mutex<Weak<Shared>> = Mutex::new(Weak::new());
    let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    current.upgrade().unwrap_or_else(|| {
        let started = Arc::new(Shared::start());
        *current = Arc::downgrade(&started);
        started
    })
}

impl Shared {
    fn start() -> Self {
        let turn = super::turn();
        let runs = tempfile::tempdir().expect("a folder");
        let folder = RunFolder::create(runs.path(), "up", "shared").expect("a folder of a run");
        let runtime = Runtime::new().expect("a runtime");
        let topology = super::system();
        let stack = runtime.block_on(async {
            let none = BTreeMap::new();
            let (run, folder, ports) = (folder.run(), folder.path(), Ports::Free);
            let site = Site { run, folder, ports, overrides: &none };
            let chosen = stack::choose(super::choice(), &topology, site).await;
            let Chosen { provider, .. } = chosen.unwrap_or_else(|error| panic!("{error}"));
            let stack = Stack::new(topology, provider, Wiring::Proxied, &Registry::new(0))
                .await
                .unwrap_or_else(|error| panic!("{error}"));
            stack.start(Duration::from_secs(90), &|_| {}).await.unwrap_or_else(|error| panic!("{error}"));
            stack
        });
        Self { stack, runtime, folder, _runs: runs, _turn: turn }
    }

    /// Runs a future to its end.
    pub(crate) fn block_on<F: Future>(&self, work: F) -> F::Output {
        self.runtime.block_on(work)
    }

    /// Runs a future beside the tests, at most as long as the system.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(work);
    }

    /// Where a port of a node is reached.
    pub(crate) fn address(&self, node: &str, port: u16) -> SocketAddr {
        self.stack.address(node, port).expect("a port of the topology")
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.runtime.block_on(self.stack.shutdown());
        if let Err(error) = self.folder.remove_data() {
            eprintln!("{error}");
        }
    }
}
