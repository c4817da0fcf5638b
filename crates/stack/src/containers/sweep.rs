//! The labels by which containers and networks are known to be a run's, and their removal.

use std::collections::HashMap;

use testcontainers::bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, RemoveContainerOptionsBuilder,
};

use super::engine::{Engine, EngineError};
use crate::mark;

const RUN: &str = "faultline.run";
const HARNESS: &str = "faultline.harness";
const HOST: &str = "faultline.host";

/// The labels of everything that a run makes in an engine.
#[derive(Debug, Clone)]
pub(super) struct Labels {
    run: String,
}

impl Labels {
    pub(super) fn of(run: &str) -> Self {
        Self { run: run.to_owned() }
    }

    pub(super) fn pairs(&self) -> [(String, String); 3] {
        [(RUN, self.run.clone()), (HARNESS, mark::mark()), (HOST, this_machine())]
            .map(|(key, value)| (key.to_owned(), value))
    }
}

/// A container or network of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// Which of both.
    pub kind: Kind,
    /// The engine's id.
    id: String,
    /// Its name.
    pub name: String,
    /// The run that it belongs to.
    pub run: String,
}

/// What a leftover is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A container, removed with its volumes.
    Container,
    /// A network.
    Network,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Container => "container",
            Self::Network => "network",
        })
    }
}

impl Engine {
    /// What harnesses of this machine that are gone have left, containers first.
    ///
    /// # Errors
    /// [`EngineError`] when it can't be listed.
    pub async fn strays(&self) -> Result<Vec<Leftover>, EngineError> {
        let gone = |labels: &HashMap<String, String>| {
            let here = labels.get(HOST).is_some_and(|host| *host == this_machine());
            here && labels.get(HARNESS).is_some_and(|mark| !mark::is_alive(mark))
        };
        self.labelled(HARNESS, gone).await
    }

    /// What a run has made.
    pub(super) async fn of_run(&self, run: &str) -> Result<Vec<Leftover>, EngineError> {
        self.labelled(&format!("{RUN}={run}"), |_| true).await
    }

    /// Removes it; what is not there any more is right too.
    ///
    /// # Errors
    /// [`EngineError`] when it stays.
    pub async fn remove(&self, leftover: &Leftover) -> Result<(), EngineError> {
        let what = format!("remove the {} {}", leftover.kind, leftover.name);
        let removed = match leftover.kind {
            Kind::Container => {
                let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
                self.ask(&what, self.docker.remove_container(&leftover.id, Some(options))).await
            }
            Kind::Network => self.ask(&what, self.docker.remove_network(&leftover.id)).await,
        };
        match removed {
            Err(EngineError::Refused { told, .. })
                if told.contains("No such") || told.contains("not found") =>
            {
                Ok(())
            }
            // Somebody else removes it at this moment.
            Err(EngineError::Refused { told, .. }) if told.contains("already in progress") => Ok(()),
            other => other,
        }
    }

    async fn labelled(
        &self,
        label: &str,
        wanted: impl Fn(&HashMap<String, String>) -> bool,
    ) -> Result<Vec<Leftover>, EngineError> {
        let filters = HashMap::from([("label", vec![label])]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let containers = self.ask("list containers", self.docker.list_containers(Some(options))).await?;
        let options = ListNetworksOptionsBuilder::new().filters(&filters).build();
        let networks = self.ask("list networks", self.docker.list_networks(Some(options))).await?;
        let containers = containers.into_iter().map(|found| {
            let name = found.names.unwrap_or_default().into_iter().next().unwrap_or_default();
            (Kind::Container, found.id, name.trim_start_matches('/').to_owned(), found.labels)
        });
        let networks = networks
            .into_iter()
            .map(|found| (Kind::Network, found.id, found.name.unwrap_or_default(), found.labels));
        let all = containers.chain(networks).filter_map(|(kind, id, name, labels)| {
            let labels = labels.filter(&wanted)?;
            Some(Leftover { kind, id: id?, name, run: labels.get(RUN).cloned().unwrap_or_default() })
        });
        Ok(all.collect())
    }
}

/// This boot of this machine, in which the mark of a harness means something: an engine may serve several
/// machines.
fn this_machine() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}
