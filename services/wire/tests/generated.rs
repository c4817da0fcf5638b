//! The generated code in src/generated is that of proto/logs/v1/logs.proto. It is kept in the repository, so that who
//! builds the services needs neither a proto compiler nor the crates that make one.
//!
//! After a change of the proto file: `FAULTLINE_GENERATE=1 cargo test --test generated`.

use std::path::{Path, PathBuf};

use protox::prost_reflect::prost::Message;

/// Compiles the proto files into a folder.
fn generate(out: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    let files = protox::compile(["logs/v1/logs.proto"], [root]).expect("the proto files are right");
    std::fs::write(out.join("logs.bin"), files.encode_to_vec()).expect("a file");
    tonic_prost_build::configure().out_dir(out).compile_fds(files).expect("code");
}

#[test]
fn generated_code_is_that_of_the_proto_files() {
    let kept = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/generated");
    if std::env::var_os("FAULTLINE_GENERATE").is_some() {
        generate(&kept);
    }
    let made = tempfile::tempdir().expect("a folder");
    generate(made.path());
    for name in ["logger.rs", "logs.bin"] {
        let [kept, made] =
            [&kept, made.path()].map(|folder| std::fs::read(folder.join(name)).expect("a file"));
        assert!(
            kept == made,
            "src/generated/{name}: expected what the proto files give; run FAULTLINE_GENERATE=1 cargo test --test generated"
        );
    }
}
