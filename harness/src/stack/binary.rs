//! Finds the programs of the system under test: beside the harness, where cargo puts them, or on PATH.

use std::path::{Path, PathBuf};

/// Where a program is, or nothing.
///
/// A name with a slash is taken as it is. Else it is looked for beside the harness (and, for a test, one
/// folder up, where cargo puts programs), then on PATH.
#[must_use]
pub fn find(name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|path| is_program(path));
    }
    let here = std::env::current_exe().ok();
    let beside = here.as_deref().into_iter().flat_map(|exe| exe.ancestors().skip(1).take(2));
    let on_path = std::env::var_os("PATH");
    let on_path = on_path.iter().flat_map(std::env::split_paths);
    beside.map(Path::to_path_buf).chain(on_path).map(|folder| folder.join(name)).find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// How to get a program that was not found.
#[must_use]
pub fn how_to_get(name: &str) -> String {
    format!("build it with `cargo build --bin {name}`, or put it beside faultline or on PATH")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_on_path_and_by_their_place_are_found() {
        assert!(find("sh").is_some());
        assert_eq!(find("/bin/sh"), Some(PathBuf::from("/bin/sh")));
        assert_eq!(find("/bin"), None);
        assert_eq!(find("no-such-program-anywhere"), None);
    }
}
