//! The program of a node: a service of the system, or a server that the lab knows.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::binary;
use crate::error::StackError;
use crate::overrides::Override;
use crate::server::{self, Server, ServerError, ServerPlace};
use crate::topology::{Node, Program};

/// Program of a node.
pub(super) enum ProgramKind {
    Binary { program: PathBuf, listen: BTreeMap<String, u16> },
    Server(Arc<dyn Server>),
}

impl ProgramKind {
    /// Finds the program of a node.
    ///
    /// # Errors
    /// [`StackError`] names the node, and what it lacks.
    pub(super) fn of(node: &Node, overrides: &Override) -> Result<Self, StackError> {
        match &node.program {
            None => Err(StackError::NoProcess { node: node.name.to_string() }),
            Some(Program::Server(name)) => {
                let server = server::known(name).ok_or_else(|| StackError::UnknownServer {
                    node: node.name.to_string(),
                    server: name.clone(),
                })?;
                Ok(Self::Server(Arc::from(server)))
            }
            Some(Program::Binary { name, listen }) => {
                let name = overrides.program.as_ref().unwrap_or(name);
                let program = binary::service(name).ok_or_else(|| StackError::NoProgram {
                    node: node.name.to_string(),
                    program: name.clone(),
                    how: binary::how_to_get(name),
                })?;
                Ok(Self::Binary { program, listen: listen.clone() })
            }
        }
    }
}

/// Prepares a server on a thread of its own.
// All nodes are started from one task, and making a data folder takes a second.
pub(super) async fn prepare(server: &Arc<dyn Server>, place: &ServerPlace) -> Result<(), ServerError> {
    let (server, place) = (Arc::clone(server), place.clone());
    match tokio::task::spawn_blocking(move || server.prepare(&place)).await {
        Ok(prepared) => prepared,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}
