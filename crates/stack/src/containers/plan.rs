//! The plan of a node's container, made before anything is made in the engine.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::node::{ContainerNode, EnginePlace};
use crate::error::StackError;
use crate::overrides::Override;
use crate::publish::{Ports, ReservedPorts};
use crate::run_id::RunId;
use crate::server::{self, Server, ServerPlace};
use crate::stop;
use crate::topology::{Container, Node, Program, Topology};

/// Settings of a node's container, before there is a network.
pub(super) struct ContainerPlan {
    name: String,
    recipe: Container,
    server: Option<Arc<dyn Server>>,
    promised: &'static [i32],
    place: ServerPlace,
    environment: BTreeMap<String, String>,
    held: ReservedPorts,
}

impl ContainerPlan {
    pub(super) fn new(
        topology: &Topology,
        node: &Node,
        run: &RunId,
        folder: &Path,
        ports: Ports,
        special: Override,
    ) -> Result<Self, StackError> {
        let refused = |message: &str| StackError::NoContainer {
            node: node.name.to_string(),
            message: message.to_owned(),
        };
        if special.program.is_some() {
            return Err(refused(
                "expected a node that runs as a process, since its program is replaced, found one that runs as a container",
            ));
        }
        let held = ReservedPorts::reserve(topology, node, ports)?;
        let place = ServerPlace::new(node, run, folder, held.numbers.clone(), special.environment_of(node));
        let server: Option<Arc<dyn Server>> = match &node.program {
            Some(Program::Server(name)) => server::known(name).map(Arc::from),
            _ => None,
        };
        let promised = match (&server, &node.program) {
            (Some(server), _) => server.stop_codes(),
            (None, Some(Program::Binary { .. })) => stop::SERVICE,
            (None, _) => stop::IMAGE,
        };
        Ok(Self {
            name: node.name.to_string(),
            recipe: node.container.clone().ok_or_else(|| refused("it has no image in docker-compose.yml"))?,
            server,
            promised,
            place,
            environment: special.environment,
            held,
        })
    }

    pub(super) fn node(self, at: &Arc<EnginePlace>) -> (String, Arc<ContainerNode>) {
        let node = ContainerNode {
            at: Arc::clone(at),
            recipe: self.recipe,
            server: self.server,
            place: self.place,
            environment: self.environment,
            _ports: self.held,
            life: Default::default(),
            turn: Arc::default(),
            promised: self.promised,
            name: self.name.clone(),
        };
        (self.name, Arc::new(node))
    }
}
