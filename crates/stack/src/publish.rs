//! Which ports of this machine the ports of a node get, whatever provider runs it.

use std::collections::BTreeMap;

use super::error::StackError;
use super::port::Port;
use super::topology::{Node, Topology};

/// Choice of the ports that nodes listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ports {
    /// Free ports, for those that the topology uses.
    // Published ones would collide as soon as two stacks run side by side.
    Free,
    /// Every port, on the one that the topology publishes where it does.
    Published,
}

/// The ports of one node, held until dropped.
#[derive(Debug)]
pub(super) struct ReservedPorts {
    /// Port on 127.0.0.1 for each port of the node.
    pub(super) numbers: BTreeMap<u16, u16>,
    _ports: Vec<Port>,
}

impl ReservedPorts {
    /// Reserves a port of this machine for each that a node listens on.
    pub(super) fn reserve(topology: &Topology, node: &Node, ports: Ports) -> Result<Self, StackError> {
        let wanted = wanted(topology, node, ports);
        let one = |published: &Option<u16>| published.map_or_else(Port::reserve, Port::exact);
        let held: Result<Vec<Port>, _> = wanted.values().map(one).collect();
        let held = held.map_err(|source| StackError::Port { node: node.name.to_string(), source })?;
        let numbers = wanted.keys().copied().zip(held.iter().map(Port::number)).collect();
        Ok(Self { numbers, _ports: held })
    }
}

/// The ports that a node listens on, each with the port of this machine that it must be, if any.
fn wanted(topology: &Topology, node: &Node, ports: Ports) -> BTreeMap<u16, Option<u16>> {
    match ports {
        Ports::Published => node.ports.clone(),
        Ports::Free => {
            let used = node.ports.keys().filter(|port| topology.uses(node, **port));
            used.map(|port| (*port, None)).collect()
        }
    }
}
