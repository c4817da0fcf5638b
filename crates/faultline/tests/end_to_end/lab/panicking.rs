//! A harness that panics, for a process of its own: see `containers::a_panic`.

use faultline::runner::RunFolder;
use faultline::stack::StackBuilder;

/// Starts a node and panics, in the middle of the harness's own runtime.
#[test]
#[ignore = "panics on purpose; containers::a_panic starts it in a process of its own"]
fn starts_a_node_and_panics() {
    let runs = tempfile::tempdir().expect("a folder");
    let folder = RunFolder::create(runs.path(), "up", "panic").expect("a folder of a run");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let builder = StackBuilder::new(super::system()).choice(super::choice());
        let stack =
            builder.build(folder.run(), folder.path()).await.unwrap_or_else(|error| panic!("{error}"));
        stack.start_node("mongo").await.expect("a node");
        panic!("on purpose, with {}", stack.provider().state("mongo"));
    });
}
