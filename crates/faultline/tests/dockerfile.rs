//! The Dockerfile's first layer: from what it copies, cargo must be able to read the whole workspace. Needs no engine.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The files that the Dockerfile copies before it first runs something.
fn copied_first(dockerfile: &str) -> Vec<&str> {
    let before_run = dockerfile.lines().take_while(|line| !line.starts_with("RUN"));
    let copied = before_run.filter_map(|line| line.strip_prefix("COPY "));
    // The last word is where to.
    copied.flat_map(|words| words.split(' ').rev().skip(1)).collect()
}

#[test]
fn the_manifests_alone_are_a_workspace() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("a workspace");
    let layer = tempfile::tempdir().expect("a folder");
    let dockerfile = fs::read_to_string(repository.join("Dockerfile")).expect("the Dockerfile");
    for source in copied_first(&dockerfile) {
        let to = layer.path().join(source);
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        fs::copy(repository.join(source), to).expect(source);
    }

    for command in
        ["sh scripts/images/hollow.sh", "cargo metadata --offline --locked --no-deps --format-version 1"]
    {
        let output = Command::new("sh").args(["-c", command]).current_dir(layer.path()).output().expect("sh");
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
