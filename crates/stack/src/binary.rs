//! Finds the programs of the system under test: services beside the harness, where cargo puts them; servers on
//! PATH too.

use std::path::{Path, PathBuf};

/// Finds the program of a service; none if there is none.
///
/// A name with a slash is taken as it is. Else it is looked for beside the harness (and, for a test, one folder
/// up, where cargo puts programs), and not on PATH.
#[must_use]
// Names of services are everyday words: Linux has a program `logger` of its own.
pub fn service(name: &str) -> Option<PathBuf> {
    by_place(name).unwrap_or_else(|| first(beside(), name))
}

/// Finds the program of a known server; none if there is none: by its path, beside the harness, or on PATH.
#[must_use]
// Names of servers are unambiguous, unlike those of services, so that PATH may be searched.
pub fn server(name: &str) -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH");
    let on_path = on_path.iter().flat_map(std::env::split_paths);
    by_place(name).unwrap_or_else(|| first(beside().chain(on_path), name))
}

/// Looks up a name with a slash: the program, if there is one. None for a name without.
fn by_place(name: &str) -> Option<Option<PathBuf>> {
    name.contains('/').then(|| Some(PathBuf::from(name)).filter(|path| is_program(path)))
}

fn beside() -> impl Iterator<Item = PathBuf> {
    // cargo puts tests into target/debug/deps, and programs one folder above.
    let here = std::env::current_exe().ok();
    let folders: Vec<_> =
        here.iter().flat_map(|exe| exe.ancestors().skip(1).take(2)).map(Path::to_path_buf).collect();
    folders.into_iter()
}

fn first(mut folders: impl Iterator<Item = PathBuf>, name: &str) -> Option<PathBuf> {
    folders.find_map(|folder| Some(folder.join(name)).filter(|path| is_program(path)))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Explains how to get the program of a service that was not found.
#[must_use]
pub fn how_to_get(name: &str) -> String {
    format!("build it with `cargo build --bin {name}`, put it beside faultline, or name it by its path")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_found_on_path_and_by_their_place() {
        assert!(server("sh").is_some());
        assert_eq!(server("/bin/sh"), Some(PathBuf::from("/bin/sh")));
        assert_eq!(server("/bin"), None);
        assert_eq!(server("no-such-program-anywhere"), None);
    }

    #[test]
    fn a_program_of_the_system_is_not_taken_for_a_service_of_that_name() {
        assert_eq!(service("sh"), None);
        assert_eq!(service("/bin/sh"), Some(PathBuf::from("/bin/sh")));
    }
}
