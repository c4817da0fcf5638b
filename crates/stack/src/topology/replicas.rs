//! Several of one node: the same program under more names, reached by turns under the first.

use std::str::FromStr;

use super::{Link, Node, NodeNameError, Program, Topology};

/// Largest number of copies of a node.
const MOST: usize = 16;

/// Number of copies of a node, as `NODE=NUMBER`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replicas {
    /// Name of the node.
    pub node: String,
    /// Number of copies, the node itself counted.
    pub number: usize,
}

/// Error of replicating a node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplicasError {
    /// The text is not `NODE=NUMBER`.
    #[error("replicas: expected NODE=NUMBER like listener=3, found \"{0}\"")]
    Form(String),
    /// The number is 0 or too large.
    #[error("replicas of {node}: expected 1 to {MOST}, found {number}")]
    Number {
        /// Name of the node.
        node: String,
        /// Number that was asked for.
        number: usize,
    },
    /// The node does not exist.
    #[error("no node \"{node}\": expected one of {}", known.join(", "))]
    NoNode {
        /// Name, as it was given.
        node: String,
        /// Names of the nodes that exist.
        known: Vec<String>,
    },
    /// A node that keeps data.
    #[error("{0} cannot be replicated: it is a server with data of its own")]
    Data(String),
    /// A node that clients are sent to.
    #[error(
        "{0} cannot be replicated: clients connect to it directly, and nothing in front of it balances them"
    )]
    Front(String),
    /// A name that is taken.
    #[error("{node} cannot be replicated: a node \"{name}\" exists already")]
    Taken {
        /// Name of the node.
        node: String,
        /// The name that another one would get.
        name: String,
    },
    /// A name that is too long with a number behind it.
    #[error(transparent)]
    Name(#[from] NodeNameError),
}

impl FromStr for Replicas {
    type Err = ReplicasError;

    fn from_str(text: &str) -> Result<Self, ReplicasError> {
        let form = || ReplicasError::Form(text.to_owned());
        let (node, number) = text.split_once('=').ok_or_else(form)?;
        Ok(Self { node: node.trim().to_owned(), number: number.trim().parse().map_err(|_| form())? })
    }
}

impl Topology {
    /// Makes a node be there `number` times in all: the others are called `node-2`, `node-3` and so on. Whoever
    /// connects to the node reaches one of them by turns.
    ///
    /// # Errors
    /// [`ReplicasError`] for a node that is not there, keeps data, or is the one that clients are sent to; for a
    /// number out of bounds; for a name that is taken.
    pub fn replicate(&mut self, node: &str, number: usize) -> Result<(), ReplicasError> {
        let known = || self.nodes.keys().cloned().collect();
        let first = self.nodes.get(node).cloned();
        let first = first.ok_or_else(|| ReplicasError::NoNode { node: node.to_owned(), known: known() })?;
        if number == 0 || number > MOST {
            return Err(ReplicasError::Number { node: node.to_owned(), number });
        }
        // One copy is what every node has already, servers too.
        if number > 1 {
            self.check_replicable(&first)?;
        }
        for place in 2..=number {
            let name = format!("{node}-{place}");
            if self.nodes.contains_key(&name) {
                return Err(ReplicasError::Taken { node: node.to_owned(), name });
            }
            // Links to the node stay single: their proxies distribute the connections.
            let links = self.links.iter().filter(|link| link.from == node);
            let links: Vec<Link> = links.map(|link| Link { from: name.clone(), ..link.clone() }).collect();
            self.links.extend(links);
            // What is published is the first one's.
            let ports = first.ports.keys().map(|port| (*port, None)).collect();
            let replica_of = Some(node.to_owned());
            let node = Node { name: name.parse()?, ports, replica_of, ..first.clone() };
            self.nodes.insert(name, node);
        }
        Ok(())
    }

    /// The names of a node and its replicas, the node's own first.
    pub fn replicas<'a>(&'a self, node: &'a str) -> impl Iterator<Item = &'a str> {
        let of =
            move |other: &&Node| other.name.as_str() == node || other.replica_of.as_deref() == Some(node);
        self.nodes.values().filter(of).map(|other| other.name.as_str())
    }

    fn check_replicable(&self, node: &Node) -> Result<(), ReplicasError> {
        if matches!(node.program, Some(Program::Server(_))) {
            return Err(ReplicasError::Data(node.name.to_string()));
        }
        if self.paths.values().any(|path| path.send.node == node.name.as_str()) {
            return Err(ReplicasError::Front(node.name.to_string()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    const COMPOSE: &str = "
x-faultline:
  paths:
    ping: { send: { node: front, port: 80, method: GET, route: / }, through: [front] }
services:
  front:
    environment: { LISTEN: '0.0.0.0:80', BACK: 'back:90' }
    x-faultline: { binary: front, listen: { LISTEN: 80 } }
  back:
    ports: ['127.0.0.1:9090:90']
    environment: { LISTEN: '0.0.0.0:90', STORE: 'store:27017' }
    x-faultline: { binary: back, listen: { LISTEN: 90 } }
  store:
    x-faultline: { server: mongo }
";

    fn topology() -> Topology {
        read("c.yml", COMPOSE, &|_| None).unwrap()
    }

    #[test]
    fn replicas_have_links_and_ports_of_their_own_and_are_reached_under_the_first_name() {
        let mut topology = topology();
        topology.replicate("back", 3).unwrap();
        assert_eq!(topology.replicas("back").collect::<Vec<_>>(), ["back", "back-2", "back-3"]);
        let links: Vec<_> = topology.links.iter().map(Link::name).collect();
        assert_eq!(
            links,
            ["back->store:27017", "front->back:90", "back-2->store:27017", "back-3->store:27017"]
        );
        let second = &topology.nodes["back-2"];
        assert_eq!((second.ports[&90], topology.nodes["back"].ports[&90]), (None, Some(9090)));
        assert!(topology.uses(second, 90));
    }

    #[test]
    fn a_node_that_cannot_be_replicated_is_told() {
        let told = |node: &str, number| topology().replicate(node, number).unwrap_err().to_string();
        assert!(told("none", 2).contains("expected one of back, front, store"));
        assert!(told("store", 2).contains("data of its own"));
        assert!(told("front", 2).contains("clients connect to it directly"));
        assert!(told("back", 0).contains("1 to 16"));
        assert_eq!(topology().replicate("store", 1), Ok(()));
        let mut twice = topology();
        twice.replicate("back", 2).unwrap();
        assert!(twice.replicate("back", 2).unwrap_err().to_string().contains("\"back-2\" exists already"));
        for bad in ["", "back", "back=", "back=-1", "back=x"] {
            assert!(bad.parse::<Replicas>().is_err(), "{bad}");
        }
    }
}
