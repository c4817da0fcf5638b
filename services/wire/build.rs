//! Compiles the proto files with a pure Rust compiler, so that no `protoc` has to be installed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto");
    println!("cargo:rerun-if-changed={root}");
    let files = protox::compile(["logs/v1/logs.proto"], [root])?;
    let out = std::path::PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("logs.bin"), prost_bytes(&files))?;
    tonic_prost_build::configure().compile_fds(files)?;
    Ok(())
}

/// The descriptor set as bytes, which gRPC reflection serves.
fn prost_bytes(files: &protox::prost_reflect::prost_types::FileDescriptorSet) -> Vec<u8> {
    use protox::prost_reflect::prost::Message;
    files.encode_to_vec()
}
