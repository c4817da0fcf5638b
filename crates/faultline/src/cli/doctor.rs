//! `faultline doctor`: what is installed, what is missing, how to get it.

use clap::Args;

use super::exit::{Exit, Failure};
use super::{TopologyArgs, output};
use crate::stack::containers::{ContainerEngine, EngineError, check_images};
use crate::stack::topology::{Program, Topology};
use crate::stack::{binary, server};

/// `faultline doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    topology: TopologyArgs,
}

/// One thing that the system needs.
struct Need {
    name: String,
    found: Result<String, String>,
}

impl Doctor {
    /// Does it; exit code 69 when neither provider has everything.
    ///
    /// # Errors
    /// A [`Failure`] of usage when the topology can't be read.
    pub fn perform(self) -> Result<Exit, Failure> {
        let topology = self.topology.read()?;
        let mut needs: Vec<Need> = server::inventory().into_iter().map(of_server).collect();
        for node in topology.nodes.values() {
            if let Some(Program::Binary { name, .. }) = &node.program {
                needs.push(of_binary(node.name.as_str(), name));
            }
        }
        let width = needs.iter().map(|need| need.name.len()).max().unwrap_or(0);
        for Need { name, found } in &needs {
            output::print(match found {
                Ok(found) => format!("found    {name:<width$}  {found}\n"),
                Err(how) => format!("MISSING  {name:<width$}  {how}\n"),
            })?;
        }
        let missing = needs.iter().filter(|need| need.found.is_err()).count();
        let containers = super::runtime()?.block_on(containers(&topology));
        let engine = match &containers {
            Ok(()) => "an engine answers and holds every image".to_owned(),
            Err(why) => why.to_string(),
        };
        let programs = match missing {
            0 => "everything is there".to_owned(),
            count => format!("{count} missing, see above"),
        };
        output::print(format_args!("\ncontainers: {engine}\nprocesses:  {programs}\n"))?;
        // One provider is enough.
        Ok(if missing == 0 || containers.is_ok() { Exit::Pass } else { Exit::Unavailable })
    }
}

/// Whether all nodes can run as containers.
async fn containers(topology: &Topology) -> Result<(), EngineError> {
    check_images(&ContainerEngine::connect().await?, &topology.all()).await
}

fn of_server(program: server::InstalledProgram) -> Need {
    let found = match program.path {
        Some(path) => Ok(format!(
            "{} ({})",
            path.display(),
            program.version.unwrap_or_else(|| "version unknown".into())
        )),
        None => Err(program.how_to_get),
    };
    Need { name: program.name.to_string(), found }
}

fn of_binary(node: &str, name: &str) -> Need {
    let found = binary::service(name).map(|path| path.display().to_string());
    Need { name: node.to_owned(), found: found.ok_or_else(|| binary::how_to_get(name)) }
}
