//! `faultline doctor`: reports what is installed, what is missing, and how to get it.

use clap::Args;

use super::arguments::TopologyArgs;
use super::exit::{Exit, Failure};
use super::{output, runtime};
use crate::stack::EngineError;
use crate::stack::containers::{ContainerEngine, check_images};
use crate::stack::topology::{Program, Topology};
use crate::stack::{binary, server};

/// Arguments of `faultline doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    topology: TopologyArgs,
}

/// Program that the system needs, with its path or the way to get it.
struct Requirement {
    name: String,
    found: Result<String, String>,
}

impl Doctor {
    /// Runs the command. The exit code is 69 if neither provider has everything.
    ///
    /// # Errors
    /// A [`Failure`] of usage if the topology cannot be read.
    pub fn perform(self) -> Result<Exit, Failure> {
        let topology = self.topology.read()?;
        let mut requirements: Vec<Requirement> =
            server::inventory().into_iter().map(server_requirement).collect();
        for node in topology.nodes.values() {
            if let Some(Program::Binary { name, .. }) = &node.program {
                requirements.push(binary_requirement(node.name.as_str(), name));
            }
        }
        let width = requirements.iter().map(|one| one.name.len()).max().unwrap_or(0);
        for Requirement { name, found } in &requirements {
            output::print(match found {
                Ok(found) => format!("found    {name:<width$}  {found}\n"),
                Err(how) => format!("MISSING  {name:<width$}  {how}\n"),
            })?;
        }
        let missing = requirements.iter().filter(|one| one.found.is_err()).count();
        // Both are examined, whatever the programs showed: the report is to say what each provider lacks.
        let containers = runtime::start()?.block_on(containers(&topology));
        let engine = match &containers {
            Ok(()) => "container engine available, all images present".to_owned(),
            Err(why) => why.to_string(),
        };
        let programs = match missing {
            0 => "all programs present".to_owned(),
            count => format!("{count} programs missing, see above"),
        };
        output::print(format_args!("\ncontainers: {engine}\nprocesses:  {programs}\n"))?;
        // One provider is enough.
        Ok(if missing == 0 || containers.is_ok() { Exit::Pass } else { Exit::Unavailable })
    }
}

/// Checks that all nodes can run as containers.
async fn containers(topology: &Topology) -> Result<(), EngineError> {
    check_images(&ContainerEngine::connect().await?, &topology.all()).await
}

fn server_requirement(program: server::InstalledProgram) -> Requirement {
    let found = match program.path {
        Some(path) => Ok(format!(
            "{} ({})",
            path.display(),
            program.version.unwrap_or_else(|| "version unknown".into())
        )),
        None => Err(program.how_to_get),
    };
    Requirement { name: program.name.to_string(), found }
}

fn binary_requirement(node: &str, name: &str) -> Requirement {
    let found = binary::service(name).map(|path| path.display().to_string());
    Requirement { name: node.to_owned(), found: found.ok_or_else(|| binary::how_to_get(name)) }
}
