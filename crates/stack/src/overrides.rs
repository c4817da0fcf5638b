//! Differences of a stack from its topology.

use std::collections::BTreeMap;

use super::error::StackError;
use super::topology::{Node, Program, Topology};

/// Difference from the topology for one node: a developer's own build of it, or a test's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Override {
    /// Another program than the topology names.
    pub program: Option<String>,
    /// More variables.
    pub environment: BTreeMap<String, String>,
}

impl Override {
    /// Adds the variables to those of a node, in whose place they are.
    pub(super) fn environment_of(&self, node: &Node) -> BTreeMap<String, String> {
        node.environment.clone().into_iter().chain(self.environment.clone()).collect()
    }
}

/// Checks that each override can take effect.
///
/// # Errors
/// [`StackError`] names the node that is not there, or has no program that another could replace.
// A known server is started by its launcher, with arguments and files of its own.
pub(super) fn check(topology: &Topology, overrides: &BTreeMap<String, Override>) -> Result<(), StackError> {
    for (name, special) in overrides {
        let node = topology.nodes.get(name).ok_or_else(|| StackError::NoNode(name.clone()))?;
        if let (Some(program), None | Some(Program::Server(_))) = (&special.program, &node.program) {
            return Err(StackError::NoOverride { node: name.clone(), program: program.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::topology;
    use super::*;

    fn check_one(node: &str, program: Option<&str>) -> Result<(), String> {
        let text = "services: {shop: {x-faultline: {binary: shop}}, db: {x-faultline: {server: mongo}}, \
                    page: {image: x, x-faultline: {}}}";
        let topology = topology::read("c.yml", text, &|_| None).unwrap();
        let special = Override { program: program.map(str::to_owned), environment: BTreeMap::new() };
        check(&topology, &[(node.to_owned(), special)].into()).map_err(|error| error.to_string())
    }

    #[test]
    fn an_override_without_effect_is_refused_by_name() {
        assert_eq!(check_one("shop", Some("mine")), Ok(()));
        assert_eq!(check_one("db", None), Ok(()));
        for node in ["db", "page"] {
            let told = format!("node {node}: expected a `binary` that mine replaces, found none");
            assert_eq!(check_one(node, Some("mine")), Err(told));
        }
        assert_eq!(check_one("shpo", None), Err("no node \"shpo\" in the topology".to_owned()));
    }
}
