//! A harness that panics, for a process of its own: see `containers::a_panic`.

use std::collections::BTreeMap;

use faultline::proxy::Registry;
use faultline::runner::RunFolder;
use faultline::stack::{self, Ports, ProviderChoice, Site, Stack, Wiring};

/// Starts a node and panics, in the middle of the harness's own runtime.
#[test]
#[ignore = "panics on purpose; containers::a_panic starts it in a process of its own"]
fn starts_a_node_and_panics() {
    let runs = tempfile::tempdir().expect("a folder");
    let folder = RunFolder::create(runs.path(), "up", "panic").expect("a folder of a run");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let (topology, none) = (super::system(), BTreeMap::new());
        let (run, folder, ports) = (folder.run(), folder.path(), Ports::Free);
        let site = Site { run, folder, ports, overrides: &none };
        let chosen = stack::choose(super::choice(), &topology, site).await;
        let ProviderChoice { provider, .. } = chosen.unwrap_or_else(|error| panic!("{error}"));
        let stack =
            Stack::new(topology, provider, Wiring::Proxied, &Registry::new(0)).await.expect("a stack");
        stack.start_node("mongo").await.expect("a node");
        panic!("on purpose, with {}", stack.provider().state("mongo"));
    });
}
