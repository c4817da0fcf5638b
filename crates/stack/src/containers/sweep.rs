//! Containers and networks that carry the labels of a run, and their removal.

use std::collections::HashMap;

use testcontainers::bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, RemoveContainerOptionsBuilder,
};

use super::engine::{ContainerEngine, NOT_FOUND};
use super::labels::{HARNESS, Labels, NAMESPACE, RUN};
use crate::error::EngineError;
use crate::mark::HarnessClaim;
use crate::printable::printable;
use crate::run_id::RunId;

/// A container or network of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// Container or network.
    pub kind: LeftoverKind,
    /// The engine's id.
    id: String,
    name: String,
    /// Claim of its harness.
    pub claim: HarnessClaim,
}

impl std::fmt::Display for Leftover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind, printable(&self.name))
    }
}

/// Kind of leftover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftoverKind {
    /// A container, removed with its volumes.
    Container,
    /// A network of the engine.
    Network,
}

impl std::fmt::Display for LeftoverKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Container => "container",
            Self::Network => "network",
        })
    }
}

impl ContainerEngine {
    /// Lists what carries the label of a harness, containers first; what living harnesses need is left out.
    ///
    /// # Errors
    /// [`EngineError`] when it can't be listed.
    pub async fn strays(&self) -> Result<Vec<Leftover>, EngineError> {
        let mut strays = self.labelled(vec![HARNESS.to_owned()]).await?;
        strays.retain(|stray| stray.claim != HarnessClaim::Held);
        Ok(strays)
    }

    /// Lists what a run of this harness has made.
    pub(super) async fn of_run(&self, run: &RunId) -> Result<Vec<Leftover>, EngineError> {
        // All three: an image may bring any label, but does not know the harness.
        let labels = Labels::new(run).pairs();
        self.labelled(labels.into_iter().map(|(key, value)| format!("{key}={value}")).collect()).await
    }

    /// Removes it; what is not there any more is right too.
    ///
    /// # Errors
    /// [`EngineError`] when it stays.
    pub async fn remove(&self, leftover: &Leftover) -> Result<(), EngineError> {
        let what = format!("remove the {leftover}");
        let removed = match leftover.kind {
            LeftoverKind::Container => {
                // Also one that runs, and with the volumes that the engine made for it.
                let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
                self.ask(&what, self.docker.remove_container(&leftover.id, Some(options))).await
            }
            LeftoverKind::Network => self.ask(&what, self.docker.remove_network(&leftover.id)).await,
        };
        match removed {
            Err(EngineError::Refused { status: Some(NOT_FOUND), .. }) => Ok(()),
            // Somebody else removes it at this moment. By its text, since other conflicts have the same status.
            Err(EngineError::Refused { message, .. }) if message.contains("already in progress") => Ok(()),
            other => other,
        }
    }

    async fn labelled(&self, labels: Vec<String>) -> Result<Vec<Leftover>, EngineError> {
        let filters = HashMap::from([("label", labels)]);
        // The engine lists only containers that run unless it is asked for all.
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let containers = self.ask("list containers", self.docker.list_containers(Some(options))).await?;
        let options = ListNetworksOptionsBuilder::new().filters(&filters).build();
        let networks = self.ask("list networks", self.docker.list_networks(Some(options))).await?;
        let containers = containers.into_iter().map(|found| {
            let name = found.names.unwrap_or_default().into_iter().next().unwrap_or_default();
            // The engine puts a slash before the names of containers.
            (LeftoverKind::Container, found.id, name.trim_start_matches('/').to_owned(), found.labels)
        });
        let networks = networks
            .into_iter()
            .map(|found| (LeftoverKind::Network, found.id, found.name.unwrap_or_default(), found.labels));
        // Containers first: the engine removes no network that is still in use.
        let all = containers.chain(networks).filter_map(|(kind, id, name, labels)| {
            let claim = claim(&labels.unwrap_or_default());
            Some(Leftover { kind, id: id?, name, claim })
        });
        Ok(all.collect())
    }
}

/// Claim of a harness on what has these labels.
fn claim(labels: &HashMap<String, String>) -> HarnessClaim {
    let label = |key: &str| labels.get(key).map(String::as_str);
    HarnessClaim::read(label(RUN), label(HARNESS).unwrap_or_default(), label(NAMESPACE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_back_and_those_of_others_are_unclear() {
        let run = RunId::random();
        let own: HashMap<String, String> = Labels::new(&run).pairs().into_iter().collect();
        assert_eq!(claim(&own), HarnessClaim::Held);
        let with = |key: &str, value: &str| {
            let mut labels = own.clone();
            labels.insert(key.to_owned(), value.to_owned());
            claim(&labels)
        };
        assert_eq!(with(HARNESS, "2147483647:1"), HarnessClaim::Lapsed(run));
        let other = own[NAMESPACE].replace(':', ":1");
        assert!(
            matches!(with(NAMESPACE, &other), HarnessClaim::Unclear(why) if why.contains("another pid namespace"))
        );
        assert!(matches!(with(RUN, "../x"), HarnessClaim::Unclear(why) if why.contains("run id: expected")));
        // An earlier faultline told the boot alone, by a label of its own.
        let mut old = own.clone();
        old.remove(NAMESPACE);
        assert!(matches!(claim(&old), HarnessClaim::Unclear(why) if why.contains("an earlier faultline")));
    }
}
