//! The topology: nodes, links, paths, stores and queues, read from a compose file.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`answer`] | a right answer as a path declares it |
//! | [`compose`] | the file: what is read of compose, and the `x-faultline` sections |
//! | [`container`] | what a node is as a container |
//! | [`interpolate`] | `${VAR:-default}` as compose fills it in |
//! | [`name`] | the name of a node |
//! | [`link`] | links, found from the addresses in environments |
//! | [`read`] | file to [`Topology`], with the place of each mistake |
//! | [`replicas`] | several of one node |
//! | [`schema`] | the `x-faultline` sections as a JSON schema |

pub mod answer;
pub mod compose;
pub mod container;
pub mod interpolate;
pub mod link;
pub mod name;
pub mod read;
pub mod replicas;
pub mod schema;

use std::collections::{BTreeMap, BTreeSet};

pub use answer::{AnswerSpec, BodySpec};
pub use compose::{PathSpec, QueueSpec, Ready, Send, StoreSpec, Writes};
pub use container::{Bind, Container};
pub use link::Link;
pub use name::{NodeName, NodeNameError};
pub use read::{TopologyError, read, read_file};
pub use replicas::{Replicas, ReplicasError};

use faultline_model::scenario::validate::Names;

/// The nodes and links of a system, and how it is used.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Topology {
    /// Nodes by name.
    pub nodes: BTreeMap<String, Node>,
    /// Links, each once, in the order of their names.
    pub links: Vec<Link>,
    /// Ways through the system by name.
    pub paths: BTreeMap<String, PathSpec>,
    /// Stores in which acknowledged entries must be found, by name.
    pub stores: BTreeMap<String, StoreSpec>,
    /// Queues that must be empty before a store is read, by name.
    pub queues: BTreeMap<String, QueueSpec>,
}

/// One process or container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Name of the node.
    pub name: NodeName,
    /// The node that it is one more of, if any.
    pub replica_of: Option<String>,
    /// Settings of the node as a process; none for one that only runs as a container.
    pub program: Option<Program>,
    /// Settings of the node as a container; none for one that compose gives no image.
    pub container: Option<Container>,
    /// Environment, variables filled in, with addresses as they are in compose.
    pub environment: BTreeMap<String, String>,
    /// Ports that it listens on in its container, with the port of this machine where one is published.
    pub ports: BTreeMap<u16, Option<u16>>,
    /// Readiness check; servers that the lab knows have their own.
    pub ready: Option<Ready>,
}

/// Program of a node that runs as a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// A program of the system under test.
    Binary {
        /// File name, found beside the harness, or path.
        name: String,
        /// Variables that hold the address to listen on, with the port that they stand for.
        listen: BTreeMap<String, u16>,
    },
    /// A server that the lab knows how to run, by its name there.
    Server(String),
}

impl Topology {
    /// Lists the nodes.
    #[must_use]
    pub fn all(&self) -> Vec<&Node> {
        self.nodes.values().collect()
    }

    /// The names that a scenario may use.
    #[must_use]
    pub fn names(&self) -> Names {
        let links = self.links.iter().flat_map(|link| [link.name(), link.short_name()]);
        Names {
            nodes: self.nodes.keys().cloned().collect(),
            links: links.collect(),
            paths: self.paths.keys().cloned().collect(),
        }
    }

    /// The links that a name stands for: one for `from->to:port`, all of its ports for `from->to`.
    #[must_use]
    pub fn links_named(&self, name: &str) -> Vec<&Link> {
        self.links.iter().filter(|link| link.name() == name || link.short_name() == name).collect()
    }

    /// Tells whether anything in the topology uses a port of a node: a link, a path, a store, a queue, or the node's own
    /// readiness check. A port that is only published (an admin page, say) is for people.
    #[must_use]
    pub fn uses(&self, node: &Node, port: u16) -> bool {
        // Links, paths and URLs name the node, never a replica of it.
        let name = node.replica_of.as_deref().unwrap_or(node.name.as_str());
        let named = |text: &str| {
            let found = link::addresses(text, std::iter::once(name));
            found.iter().any(|address| address.port == port)
        };
        self.links.iter().any(|link| link.to == name && link.port == port)
            || self.paths.values().any(|path| path.send.node == name && path.send.port == port)
            || self.stores.values().any(|StoreSpec::Mongodb { url, .. }| named(url))
            || self.queues.values().any(|QueueSpec::Amqp { url, .. }| named(url))
            || node.ready.as_ref().is_some_and(|ready| ready.port == port)
            || matches!(&node.program, Some(Program::Binary { listen, .. }) if listen.values().any(|inner| *inner == port))
    }

    /// The nodes that the load goes to.
    #[must_use]
    pub fn entries(&self) -> BTreeSet<String> {
        self.paths.values().map(|path| path.send.node.clone()).collect()
    }

    /// The store that each path stores into; paths that name none are absent.
    #[must_use]
    pub fn stored_in(&self) -> BTreeMap<String, String> {
        let paths = self.paths.iter();
        paths.filter_map(|(path, spec)| Some((path.clone(), spec.stored_in.clone()?))).collect()
    }

    /// The paths that say that they write nothing.
    #[must_use]
    pub fn writes_nothing(&self) -> BTreeSet<String> {
        let paths = self.paths.iter().filter(|(_, spec)| spec.writes == Some(Writes::Nothing));
        paths.map(|(path, _)| path.clone()).collect()
    }

    /// The paths whose answers depend on a node or a link.
    #[must_use]
    pub fn paths_through(&self, target: &str) -> BTreeSet<String> {
        let affected = self.paths.iter().filter(|(_, path)| path.depends_on(target));
        affected.map(|(name, _)| name.clone()).collect()
    }
}

impl PathSpec {
    /// Tells whether its operations may leave entries behind, and so carry data. One that does not say that it writes
    /// nothing does, whether its entries can be looked for or not.
    #[must_use]
    pub fn may_write(&self) -> bool {
        self.writes != Some(Writes::Nothing)
    }

    /// Tells whether an answer on this path depends on a node, or on a link `from->to` or `from->to:port`.
    #[must_use]
    pub fn depends_on(&self, target: &str) -> bool {
        let Some((from, to)) = target.split_once("->") else {
            return self.through.iter().any(|step| node_of(step) == target);
        };
        // Only neighbours: `through` lists the nodes in the order of the calls.
        self.through.windows(2).any(|pair| {
            node_of(&pair[0]) == from && node_of(&pair[1]) == node_of(to) && ports_agree(&pair[1], to)
        })
    }
}

/// The node of a step of a path, which may name a port too.
fn node_of(step: &str) -> &str {
    step.split_once(':').map_or(step, |(node, _)| node)
}

/// Two ends agree unless both name a port and the ports differ.
fn ports_agree(a: &str, b: &str) -> bool {
    match (a.split_once(':'), b.split_once(':')) {
        (Some((_, a)), Some((_, b))) => a == b,
        _ => true,
    }
}
