//! File to [`Topology`], with the place of each mistake.

use std::collections::BTreeMap;
use std::path::Path;

use super::compose::{Compose, Environment, NodeSection, PortMapping, ServiceSection, SystemSection};
use super::container::{Container, Words};
use super::interpolate::interpolate;
use super::link::links_of;
use super::name;
use super::{Node, NodeNameError, Program, QueueSpec, StoreSpec, Topology, Writes};
use crate::printable::excerpt;

/// Error of reading a topology.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    /// The file can't be read.
    #[error("can't read the topology {file}: {source}")]
    File {
        /// Path of the file, as it was given.
        file: String,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// The file is not YAML, or has unexpected keys.
    #[error("{file}: {message}")]
    Syntax {
        /// Path of the file, as it was given.
        file: String,
        /// Message with line, column and an excerpt.
        message: String,
    },
    /// The file is YAML, but no topology.
    #[error("{file}: {place}: {message}")]
    Meaning {
        /// Path of the file, as it was given.
        file: String,
        /// Service or section of the file.
        place: String,
        /// Text of the mistake, with what was expected.
        message: String,
    },
}

/// Place and text of a mistake, before the file's name is known.
type SectionError = (String, String);

/// Reads a compose file from disk; variables come from this process's environment.
///
/// # Errors
/// [`TopologyError`] names the file and the place in it.
pub fn read_file(path: &Path) -> Result<Topology, TopologyError> {
    let file = path.display().to_string();
    let text =
        std::fs::read_to_string(path).map_err(|source| TopologyError::File { file: file.clone(), source })?;
    read(&file, &text, &|name| std::env::var(name).ok())
}

/// Reads the text of a compose file; variables come from `lookup`.
///
/// # Errors
/// [`TopologyError`] names the place in the file.
pub fn read(
    file: &str,
    text: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Topology, TopologyError> {
    let compose: Compose = serde_saphyr::from_str(text)
        .map_err(|error| TopologyError::Syntax { file: file.to_owned(), message: error.to_string() })?;
    // Paths in a compose file are relative to it.
    let file_path = std::path::absolute(file).unwrap_or_else(|_| file.into());
    let folder = file_path.parent().unwrap_or(Path::new("/"));
    build(compose, folder, lookup).map_err(|(place, message)| TopologyError::Meaning {
        file: file.to_owned(),
        place,
        message,
    })
}

fn build(
    compose: Compose,
    folder: &Path,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Topology, SectionError> {
    let mut nodes = BTreeMap::new();
    for (name, service) in compose.services {
        // A service that the lab is told nothing of (an admin page, say) is no node.
        if let Some(section) = &service.faultline {
            let node = node(&name, &service, section, folder, lookup)
                .map_err(|message| (format!("services.{name}"), message))?;
            nodes.insert(name, node);
        }
    }
    if nodes.is_empty() {
        return Err((
            "services".to_owned(),
            "expected a service with an x-faultline section, found none".to_owned(),
        ));
    }
    let names: Vec<&str> = nodes.keys().map(String::as_str).collect();
    let links: Vec<_> =
        nodes.values().flat_map(|node| links_of(node.name.as_str(), &node.environment, &names)).collect();
    // compose needs no `expose` for a port that other services use, so most files do not repeat it.
    for link in &links {
        if let Some(node) = nodes.get_mut(&link.to) {
            node.ports.entry(link.port).or_insert(None);
        }
    }
    let SystemSection { paths, stores, queues } = compose.faultline;
    let mut topology = Topology { nodes, links, paths, stores, queues };
    fill_in(&mut topology, lookup)?;
    check(&topology)?;
    Ok(topology)
}

fn node(
    name: &str,
    service: &ServiceSection,
    section: &NodeSection,
    folder: &Path,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Node, String> {
    let container = container(service, folder, lookup)?;
    let program = match (&section.binary, &section.server) {
        (Some(binary), None) => {
            Some(Program::Binary { name: binary.clone(), listen: section.listen.clone() })
        }
        (None, Some(server)) => Some(Program::Server(server.clone())),
        (None, None) if container.is_some() => None,
        _ => {
            return Err(
                "expected `binary` or `server` under x-faultline, or an `image` of the service, found none"
                    .to_owned(),
            );
        }
    };
    let environment = environment(&service.environment, lookup)?;
    for variable in section.listen.keys() {
        // A misspelt one would leave the service on a port of its own, and it would never be ready.
        if !environment.contains_key(variable) {
            return Err(format!(
                "x-faultline.listen: expected a variable of the environment, found {variable}"
            ));
        }
    }
    let ports = ports(service, section, lookup)?;
    Ok(Node {
        name: name.parse().map_err(|error: NodeNameError| error.to_string())?,
        replica_of: None,
        program,
        container,
        environment,
        ports,
        ready: section.ready.clone(),
    })
}

fn container(
    service: &ServiceSection,
    folder: &Path,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Container>, String> {
    let Some(image) = &service.image else { return Ok(None) };
    let filled = |text: &str, key: &str| interpolate(text, lookup).map_err(|error| format!("{key}: {error}"));
    let words =
        |words: &Option<Words>, key| words.as_ref().map_or(Ok(Vec::new()), |words| words.split(key, lookup));
    let binds = service.volumes.iter().filter_map(|volume| volume.bind(folder, lookup).transpose());
    Ok(Some(Container {
        image: filled(image, "image")?,
        is_built: service.build.is_some(),
        entrypoint: words(&service.entrypoint, "entrypoint")?,
        command: words(&service.command, "command")?,
        user: service.user.as_ref().map(|user| filled(&user.to_string(), "user")).transpose()?,
        hostname: service.hostname.as_ref().map(|name| filled(name, "hostname")).transpose()?,
        binds: binds.collect::<Result<_, _>>()?,
    }))
}

fn environment(
    given: &Environment,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, String>, String> {
    let pairs: Vec<(String, Option<String>)> = match given {
        Environment::Map(map) => {
            map.iter().map(|(k, v)| (k.clone(), v.as_ref().map(ToString::to_string))).collect()
        }
        Environment::List(list) => list
            .iter()
            .map(|line| match line.split_once('=') {
                Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
                None => (line.clone(), None),
            })
            .collect(),
    };
    let mut filled = BTreeMap::new();
    for (key, value) in pairs {
        // Without a value compose passes on its own variable, where it has one.
        let value = match value {
            Some(value) => {
                Some(interpolate(&value, lookup).map_err(|error| format!("environment.{key}: {error}"))?)
            }
            None => lookup(&key),
        };
        if let Some(value) = value {
            filled.insert(key, value);
        }
    }
    Ok(filled)
}

fn ports(
    service: &ServiceSection,
    section: &NodeSection,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeMap<u16, Option<u16>>, String> {
    let mut ports: BTreeMap<u16, Option<u16>> = BTreeMap::new();
    let inner = section.listen.values().copied().chain(section.ready.as_ref().map(|ready| ready.port));
    ports.extend(inner.map(|port| (port, None)));
    for port in &service.expose {
        ports.insert(number(&port.to_string())?, None);
    }
    // Published ports last: they replace the entries that name no port of this machine.
    for published in &service.ports {
        let (inner, host) = match published {
            PortMapping::Short(text) => {
                short(&interpolate(&text.to_string(), lookup).map_err(|e| e.to_string())?)?
            }
            PortMapping::Long { target, published } => {
                (*target, published.as_ref().map(|port| number(&port.to_string())).transpose()?)
            }
        };
        ports.insert(inner, host);
    }
    Ok(ports)
}

/// `8080`, `8080:80`, `127.0.0.1:8080:80`, each with `/tcp` or not.
fn short(text: &str) -> Result<(u16, Option<u16>), String> {
    // A port of UDP is refused as a number: proxies and checks speak TCP.
    let text = text.strip_suffix("/tcp").unwrap_or(text);
    // From the right: the address in front may be missing, or hold colons.
    let mut parts = text.rsplit(':');
    let inner = number(parts.next().unwrap_or_default())?;
    Ok((inner, parts.next().map(number).transpose()?))
}

fn number(text: &str) -> Result<u16, String> {
    let wrong = || {
        format!("invalid port \"{text}\": expected a single port from 1 to 65535, like \"127.0.0.1:8080:80\"")
    };
    text.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)
}

fn fill_in(topology: &mut Topology, lookup: &dyn Fn(&str) -> Option<String>) -> Result<(), SectionError> {
    for (name, StoreSpec::Mongodb { url, .. }) in &mut topology.stores {
        *url = interpolate(url, lookup).map_err(|e| (format!("x-faultline.stores.{name}"), e.to_string()))?;
    }
    for (name, QueueSpec::Amqp { url, .. }) in &mut topology.queues {
        *url = interpolate(url, lookup).map_err(|e| (format!("x-faultline.queues.{name}"), e.to_string()))?;
    }
    Ok(())
}

fn check(topology: &Topology) -> Result<(), SectionError> {
    let known = || topology.nodes.keys().cloned().collect::<Vec<_>>().join(", ");
    for (name, path) in &topology.paths {
        // The id of an operation contains the name, and is cut out of stored data again at the first blank.
        if !name::is_plain(name) {
            let message = format!(
                "expected a name of at most 63 letters, digits, '.', '_' and '-', beginning with a letter or digit, found {}",
                excerpt(name)
            );
            return Err(("x-faultline.paths".to_owned(), message));
        }
        let place = format!("x-faultline.paths.{name}");
        let node = topology.nodes.get(&path.send.node);
        if !node.is_some_and(|node| node.ports.contains_key(&path.send.port)) {
            let message =
                format!("no node {} with port {}; nodes are {}", path.send.node, path.send.port, known());
            return Err((place, message));
        }
        let steps = path.through.iter().map(|step| super::node_of(step));
        if let Some(unknown) = steps.clone().find(|step| !topology.nodes.contains_key(*step)) {
            return Err((place, format!("`through` names {unknown}; nodes are {}", known())));
        }
        if let (Some(store), Some(Writes::Nothing)) = (&path.stored_in, path.writes) {
            let message =
                format!("expected `stored-in` or `writes: nothing`, found both (stored-in: {store})");
            return Err((place, message));
        }
        if let Some(message) = path.answer.mistake() {
            return Err((place, message));
        }
        if let Some(store) = path.stored_in.as_ref().filter(|store| !topology.stores.contains_key(*store)) {
            return Err((place, format!("stored-in: expected a store of x-faultline.stores, found {store}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{AnswerSpec, BodySpec};
    use super::*;

    const OURS: &str = include_str!("../../../../docker-compose.yml");

    fn ours() -> Topology {
        read("docker-compose.yml", OURS, &|_| None).unwrap()
    }

    #[test]
    fn the_links_of_our_own_system_are_found() {
        let topology = ours();
        let links: Vec<String> = topology.links.iter().map(super::super::Link::name).collect();
        assert_eq!(
            links,
            [
                "authentication->postgres:5432",
                "broker->authentication:80",
                "broker->logger:80",
                "broker->logger:50001",
                "broker->rabbitmq:5672",
                "listener->logger:50001",
                "listener->rabbitmq:5672",
                "logger->mongo:27017",
            ]
        );
        assert_eq!(topology.links_named("broker->logger").len(), 2);
        assert_eq!(topology.nodes["broker"].ports[&8080], Some(8080));
    }

    #[test]
    fn paths_know_what_they_depend_on() {
        let topology = ours();
        let through = |target: &str| topology.paths_through(target).into_iter().collect::<Vec<_>>();
        assert_eq!(through("rabbitmq"), ["log-amqp"]);
        assert_eq!(through("logger->mongo"), ["log-grpc", "log-json"]);
        assert_eq!(through("broker->logger:80"), ["log-json"]);
        assert_eq!(through("broker->logger"), ["log-grpc", "log-json"]);
        assert_eq!(through("broker").len(), 5);
        assert_eq!(through("listener"), Vec::<String>::new());
    }

    /// A system with one path, which declares `more`.
    fn with_path(more: &str) -> Result<Topology, TopologyError> {
        let path = "send: {node: a, port: 80, method: POST, route: /}, through: [a]";
        let stores = "stores: {s: {kind: mongodb, url: mongodb://a, collection: c, field: f}}";
        let text = format!(
            "x-faultline: {{{stores}, paths: {{p: {{{path}{more}}}}}}}\n\
             services: {{a: {{ports: [\"80:80\"], x-faultline: {{binary: x}}}}}}"
        );
        read("c.yml", &text, &|_| None)
    }

    #[test]
    fn the_name_of_a_path_is_one_plain_word() {
        for name in ["log amqp", "log\"amqp", "-log", "log\\amqp", "p\u{e9}", ""] {
            let text = format!(
                "x-faultline: {{paths: {{{name:?}: {{send: {{node: a, port: 80, method: GET, route: /}}, through: [a]}}}}}}\n\
                 services: {{a: {{ports: [\"80:80\"], x-faultline: {{binary: x}}}}}}"
            );
            let error = read("c.yml", &text, &|_| None).expect_err(name).to_string();
            assert!(error.contains("x-faultline.paths: expected a name of at most 63 letters"), "{error}");
        }
    }

    #[test]
    fn a_path_declares_what_it_writes_and_what_a_right_answer_is() {
        let path = |more: &str| with_path(more).unwrap_or_else(|error| panic!("{error}")).paths["p"].clone();
        assert_eq!((path("").writes, path("").answer), (None, AnswerSpec::default()));
        assert_eq!(path(", writes: nothing").writes, Some(Writes::Nothing));
        let may_write = |more: &str| path(more).may_write();
        assert!(may_write("") && may_write(", stored-in: s") && !may_write(", writes: nothing"));
        assert_eq!(path(", answer: {body: any}").answer, AnswerSpec::any());
        assert_eq!(path(", answer: {body: envelope}").answer, AnswerSpec::default());
        let made = path(", answer: {status: [201, 202], body: {json: {state: {paid: true}}}}").answer;
        let json = serde_json::json!({ "state": { "paid": true } });
        assert_eq!(made, AnswerSpec { status: vec![201, 202], body: BodySpec::Json(json) });
        for (more, told) in [
            (
                ", stored-in: s, writes: nothing",
                "x-faultline.paths.p: expected `stored-in` or `writes: nothing`",
            ),
            (", stored-in: t", "stored-in: expected a store of x-faultline.stores, found t"),
            (", writes: something", "something"),
            (", answer: {status: [404]}", "x-faultline.paths.p: answer.status: expected statuses from 200"),
            (", answer: {body: html}", "html"),
            (", answer: {boddy: any}", "boddy"),
        ] {
            let error = with_path(more).unwrap_err().to_string();
            assert!(error.contains(told), "{more}: {error}");
        }
    }

    #[test]
    fn every_path_of_our_own_system_says_what_it_writes() {
        let topology = ours();
        assert_eq!(
            topology.stored_in().into_keys().collect::<Vec<_>>(),
            ["log-amqp", "log-grpc", "log-json"]
        );
        assert_eq!(topology.writes_nothing().into_iter().collect::<Vec<_>>(), ["authenticate", "ping"]);
    }

    #[test]
    fn variables_of_a_container_are_filled_in() {
        let text = "services: {a: {image: \"x:${TAG:-1}\", entrypoint: \"e $TAG\", command: [\"$$c\", \"$TAG\"], \
                    user: \"${TAG}\", hostname: \"h-$TAG\", x-faultline: {}}}";
        let topology = read("c.yml", text, &|name| (name == "TAG").then(|| "2".to_owned())).unwrap();
        let made = topology.nodes["a"].container.clone().unwrap();
        assert_eq!((made.image.as_str(), made.user.as_deref()), ("x:2", Some("2")));
        assert_eq!((made.entrypoint.join(" "), made.command.join(" ")), ("e 2".into(), "$c 2".into()));
        assert_eq!(made.hostname.as_deref(), Some("h-2"));
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        let told = |text: &str| read("c.yml", text, &|_| None).unwrap_err().to_string();
        assert!(told("services: [").contains("c.yml"), "{}", told("services: ["));
        assert!(told("services: {a: {image: x}}").contains("found none"));
        let typo = "services: {a: {x-faultline: {binarry: x}}}";
        assert!(told(typo).contains("binarry"), "{}", told(typo));
        let outside = "services: {../a: {x-faultline: {binary: x}}}";
        assert!(told(outside).contains("services.../a: node name: expected"), "{}", told(outside));
        let port = "services: {a: {ports: [\"1-5:1-5\"], x-faultline: {binary: x}}}";
        assert!(told(port).contains("services.a") && told(port).contains("single port "), "{}", told(port));
    }
}
