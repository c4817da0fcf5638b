//! A view of the RabbitMQ installation that holds only what one node needs.
//!
//! At boot RabbitMQ reads every plugin that it finds, used or not, and Erlang looks for each of its modules
//! in the folder of each of them. With the sixty plugins of a usual installation that is half of the boot.
//! The view is a folder of links; the start script is told to take it for the installation.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::server::{ServerError, make_folder};

/// Makes the view in `folder`, for a start script and the plugins that are on. None where the installation
/// is not laid out as known (plugins packed in archives, say); then the node takes it as it is.
pub(super) fn view(folder: &Path, script: &Path, plugins: &[&str]) -> Result<Option<PathBuf>, ServerError> {
    let Some(home) = home(script) else { return Ok(None) };
    let installed = applications(&home.join("plugins"));
    let Some(needed) = closure(&installed, plugins) else { return Ok(None) };
    link(&folder.join("plugins"), &needed)?;
    link(&folder.join("sbin"), &entries(&home.join("sbin")))?;
    // The scripts look for the command-line tools in ../escript.
    link(folder, &[home.join("escript")])?;
    Ok(Some(folder.to_path_buf()))
}

/// The installation that a start script belongs to.
fn home(script: &Path) -> Option<PathBuf> {
    // Debian's path is a link into the folder of the installed version.
    Some(fs::canonicalize(script).ok()?.parent()?.parent()?.to_path_buf())
}

/// The folders of applications, by name: `rabbit` is `rabbit-3.10.8`.
fn applications(plugins: &Path) -> BTreeMap<String, PathBuf> {
    let named = |path: PathBuf| {
        // Names of Erlang applications hold underscores and no hyphen, so the version follows the hyphen.
        let name = path.file_name()?.to_str()?.rsplit_once('-')?.0.to_owned();
        path.join("ebin").join(format!("{name}.app")).is_file().then_some((name, path))
    };
    entries(plugins).into_iter().filter_map(named).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// The folders of the server, of the plugins, and of all that they need. What is not among the installed is
/// one of Erlang's own. None if one of those that are asked for is not there.
fn closure(installed: &BTreeMap<String, PathBuf>, plugins: &[&str]) -> Option<Vec<PathBuf>> {
    let mut names: Vec<String> = ["rabbit"].iter().chain(plugins).map(|name| (*name).to_owned()).collect();
    if !names.iter().all(|name| installed.contains_key(name)) {
        return None;
    }
    let mut needed = BTreeMap::new();
    while let Some(name) = names.pop() {
        let Some(path) = installed.get(&name) else { continue };
        if needed.insert(name.clone(), path.clone()).is_none() {
            let text = fs::read_to_string(path.join("ebin").join(format!("{name}.app"))).ok()?;
            names.extend(needs(&text));
        }
    }
    Some(needed.into_values().collect())
}

/// The `applications` of an application's description, as in `{applications,[kernel, stdlib]}`.
fn needs(description: &str) -> Vec<String> {
    let Some((_, rest)) = description.split_once("{applications,") else { return Vec::new() };
    let list = rest.split(']').next().unwrap_or_default();
    let names = list.split(|char: char| !(char.is_ascii_alphanumeric() || char == '_'));
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Links in a folder to each of `targets`, under their own names; those that are there are right.
fn link(folder: &Path, targets: &[impl AsRef<Path>]) -> Result<(), ServerError> {
    make_folder(folder)?;
    for target in targets.iter().map(AsRef::as_ref) {
        let Some(name) = target.file_name() else { continue };
        match symlink(target, folder.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                let what = format!("can't make a link to {} in {}", target.display(), folder.display());
                return Err(ServerError::File { what, source: error });
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installation(applications: &[(&str, &str)]) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        for (name, needs) in applications {
            let ebin = home.path().join(format!("plugins/{name}-1.0/ebin"));
            fs::create_dir_all(&ebin).unwrap();
            let text = format!(
                "{{application, {name}, [{{applications, [kernel,{needs}]}}, {{env, [{{a,[b]}}]}}]}}."
            );
            fs::write(ebin.join(format!("{name}.app")), text).unwrap();
        }
        fs::create_dir_all(home.path().join("sbin")).unwrap();
        fs::write(home.path().join("sbin/rabbitmq-server"), "").unwrap();
        home
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = entries(folder)
            .iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn only_what_is_needed_is_in_view_also_when_made_twice() {
        let home = installation(&[
            ("rabbit", "ra, b_c"),
            ("ra", "ra"),
            ("b_c", ""),
            ("page", "rabbit"),
            ("other", ""),
        ]);
        let script = home.path().join("sbin/rabbitmq-server");
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            view(folder.path(), &script, &[]).unwrap().unwrap();
        }
        assert_eq!(names(&folder.path().join("plugins")), ["b_c-1.0", "ra-1.0", "rabbit-1.0"]);
        assert_eq!(names(&folder.path().join("sbin")), ["rabbitmq-server"]);
        view(folder.path(), &script, &["page"]).unwrap().unwrap();
        assert_eq!(names(&folder.path().join("plugins")), ["b_c-1.0", "page-1.0", "ra-1.0", "rabbit-1.0"]);
    }

    #[test]
    fn an_installation_of_another_layout_is_taken_as_it_is() {
        let home = installation(&[("other", "")]);
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(view(folder.path(), &home.path().join("sbin/rabbitmq-server"), &[]).unwrap(), None);
        assert_eq!(view(folder.path(), Path::new("/no/such/script"), &[]).unwrap(), None);
    }
}
