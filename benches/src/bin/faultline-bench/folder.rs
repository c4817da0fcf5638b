//! Folders of results: those of this run below `target`, those of the baseline in the repository.

use std::path::{Path, PathBuf};

use benches::BenchError;

/// Repository that this program was built in.
pub(crate) fn repository() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

/// Folder of the results of this run, made if it is missing.
pub(crate) fn fresh() -> Result<PathBuf, BenchError> {
    let folder = repository().join("target/bench");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

/// Folder of the results of the baseline.
pub(crate) fn baseline() -> PathBuf {
    repository().join("benches/results")
}

/// Folder of the reference servers in Go, which `scripts/bench` builds.
pub(crate) fn references() -> PathBuf {
    repository().join("target/reference")
}
