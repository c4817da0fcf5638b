//! The fixed facts of the system, as the page receives them.

use serde::Serialize;

use crate::report::catalogue;
use crate::stack::Topology;
use crate::stack::topology::Link;

/// Facts that do not change while the program runs.
#[derive(Debug, Serialize)]
pub struct SystemResponse {
    nodes: Vec<String>,
    links: Vec<LinkResponse>,
    /// Nodes that the load goes to.
    entries: Vec<String>,
    paths: Vec<PathResponse>,
    faults: Vec<catalogue::CatalogueEntry>,
    /// True if manual loads are accepted.
    can_load: bool,
}

#[derive(Debug, Serialize)]
struct LinkResponse {
    name: String,
    from: String,
    to: String,
}

#[derive(Debug, Serialize)]
struct PathResponse {
    name: String,
    stores: bool,
}

impl SystemResponse {
    /// Collects the facts of a topology.
    #[must_use]
    pub fn new(topology: &Topology, can_load: bool) -> Self {
        let link =
            |link: &Link| LinkResponse { name: link.name(), from: link.from.clone(), to: link.to.clone() };
        let path = |name: &String, stores| PathResponse { name: name.clone(), stores };
        let paths = topology.paths.iter().map(|(name, spec)| path(name, spec.stored_in.is_some()));
        Self {
            nodes: topology.nodes.keys().cloned().collect(),
            links: topology.links.iter().map(link).collect(),
            entries: topology.entries().into_iter().collect(),
            paths: paths.collect(),
            faults: catalogue::entries(),
            can_load,
        }
    }
}
