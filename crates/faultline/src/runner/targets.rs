//! Addresses and requests of the paths on a stack.

use std::collections::BTreeMap;

use super::error::RunError;
use crate::load::{LoadError, PathTarget, Template};
use crate::stack::topology::PathSpec;
use crate::stack::{Stack, Topology};

/// Makes the target of each path of a topology.
///
/// # Errors
/// [`RunError`] for a path whose node is not there, or whose requests can't be made.
pub fn targets(topology: &Topology, stack: &Stack) -> Result<BTreeMap<String, PathTarget>, RunError> {
    let target = |(path, spec): (&String, &PathSpec)| {
        let address = stack.address(&spec.send.node, spec.send.port)?;
        let template = Template::new(path, spec, address).map_err(LoadError::from)?;
        Ok::<_, RunError>((path.clone(), PathTarget { template, stores: spec.may_write() }))
    };
    topology.paths.iter().map(target).collect()
}
