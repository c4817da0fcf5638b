//! Where results are: those of this run below `target`, those of the baseline in the repository.

use std::path::{Path, PathBuf};

use benches::Failed;

/// The repository that this program was built in.
pub(crate) fn repository() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

/// The results of this run; made if it must be.
pub(crate) fn fresh() -> Result<PathBuf, Failed> {
    let folder = repository().join("target/bench");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

/// The results of the baseline.
pub(crate) fn baseline() -> PathBuf {
    repository().join("benches/results")
}
