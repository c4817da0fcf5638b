//! Where the container engine is, for users who do not say it with `DOCKER_HOST`: the current context of the
//! docker client, or a socket of an engine that runs without root.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The engine that a user's own client would use, where it is not the one that everybody looks for.
#[must_use]
pub fn host() -> Option<String> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    // The order is that of the docker client: DOCKER_HOST, DOCKER_CONTEXT, the context of its configuration.
    // The client library reads the first by itself, and knows no contexts.
    if variable("DOCKER_HOST").is_some() {
        return None;
    }
    let home = variable("HOME").map(PathBuf::from);
    let config = variable("DOCKER_CONFIG").map(PathBuf::from).or_else(|| Some(home?.join(".docker")));
    let context = config.and_then(|config| of_context(&config, variable("DOCKER_CONTEXT").as_deref()));
    context.or_else(|| without_root(Path::new("/var/run/docker.sock"), variable("XDG_RUNTIME_DIR")))
}

#[derive(Deserialize)]
struct ClientConfig {
    #[serde(rename = "currentContext")]
    current: Option<String>,
}

#[derive(Deserialize)]
struct Context {
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "Endpoints")]
    endpoints: Endpoints,
}

#[derive(Deserialize)]
struct Endpoints {
    docker: Option<Endpoint>,
}

#[derive(Deserialize)]
struct Endpoint {
    #[serde(rename = "Host")]
    host: String,
}

/// The engine of a context: the named one, else the current one of the client's configuration. The context
/// `default` names none.
fn of_context(config: &Path, named: Option<&str>) -> Option<String> {
    let current = || {
        let client: ClientConfig = read(&config.join("config.json"))?;
        client.current
    };
    let name = named.map(str::to_owned).or_else(current).filter(|name| name != "default")?;
    // The folder of a context is named by a hash of its name, so all are read.
    let folders = std::fs::read_dir(config.join("contexts").join("meta")).ok()?;
    let contexts = folders.filter_map(|folder| read::<Context>(&folder.ok()?.path().join("meta.json")));
    let context = contexts.into_iter().find(|context| context.name == name)?;
    context.endpoints.docker.map(|endpoint| endpoint.host)
}

fn without_root(with_root: &Path, runtime: Option<String>) -> Option<String> {
    if with_root.exists() {
        return None;
    }
    let socket = PathBuf::from(runtime?).join("docker.sock");
    socket.exists().then(|| format!("unix://{}", socket.display()))
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_of_the_current_context_is_found() {
        let config = tempfile::tempdir().unwrap();
        let meta = config.path().join("contexts/meta/0123abcd");
        std::fs::create_dir_all(&meta).unwrap();
        let context =
            r#"{"Name": "far", "Metadata": {}, "Endpoints": {"docker": {"Host": "unix:///far.sock"}}}"#;
        std::fs::write(meta.join("meta.json"), context).unwrap();
        assert_eq!(of_context(config.path(), None), None);
        assert_eq!(of_context(config.path(), Some("far")).as_deref(), Some("unix:///far.sock"));
        assert_eq!(of_context(config.path(), Some("other")), None);
        std::fs::write(config.path().join("config.json"), r#"{"currentContext": "far"}"#).unwrap();
        assert_eq!(of_context(config.path(), None).as_deref(), Some("unix:///far.sock"));
        assert_eq!(of_context(config.path(), Some("default")), None);
    }

    #[test]
    fn an_engine_without_root_is_found_where_there_is_no_other() {
        let runtime = tempfile::tempdir().unwrap();
        let folder = Some(runtime.path().display().to_string());
        let nowhere = Path::new("/no/such/socket");
        assert_eq!(without_root(nowhere, folder.clone()), None);
        std::fs::write(runtime.path().join("docker.sock"), "").unwrap();
        assert!(without_root(nowhere, folder.clone()).unwrap().ends_with("/docker.sock"));
        assert_eq!(without_root(runtime.path(), folder), None);
    }
}
