//! The labels by which containers and networks are known to be a run's, and their removal.

use std::collections::HashMap;

use testcontainers::bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, RemoveContainerOptionsBuilder,
};

use super::engine::{Engine, EngineError};
use crate::mark::{Claim, Mark};
use crate::printable::printable;
use crate::run_id::RunId;

const RUN: &str = "faultline.run";
const HARNESS: &str = "faultline.harness";
const NAMESPACE: &str = "faultline.namespace";

/// The labels of everything that a run makes in an engine, which may serve several machines and namespaces.
#[derive(Debug, Clone)]
pub(super) struct Labels {
    run: RunId,
}

impl Labels {
    pub(super) fn of(run: &RunId) -> Self {
        Self { run: run.clone() }
    }

    pub(super) fn pairs(&self) -> Vec<(String, String)> {
        let mark = Mark::of_this_harness();
        let always = [(RUN, self.run.to_string()), (HARNESS, mark.harness())];
        let pairs = always.into_iter().chain(mark.namespace().map(|namespace| (NAMESPACE, namespace)));
        pairs.map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// A container or network of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// Container or network.
    pub kind: Kind,
    /// The engine's id.
    id: String,
    name: String,
    /// Claim of its harness.
    pub claim: Claim,
}

impl std::fmt::Display for Leftover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind, printable(&self.name))
    }
}

/// Kind of leftover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A container, removed with its volumes.
    Container,
    /// A network of the engine.
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
    /// Lists what carries the label of a harness, containers first; what living harnesses need is left out.
    ///
    /// # Errors
    /// [`EngineError`] when it can't be listed.
    pub async fn strays(&self) -> Result<Vec<Leftover>, EngineError> {
        let mut strays = self.labelled(vec![HARNESS.to_owned()]).await?;
        strays.retain(|stray| stray.claim != Claim::Held);
        Ok(strays)
    }

    /// Lists what a run of this harness has made.
    pub(super) async fn of_run(&self, run: &RunId) -> Result<Vec<Leftover>, EngineError> {
        // All three: an image may bring any label, but does not know the harness.
        let labels = Labels::of(run).pairs();
        self.labelled(labels.into_iter().map(|(key, value)| format!("{key}={value}")).collect()).await
    }

    /// Removes it; what is not there any more is right too.
    ///
    /// # Errors
    /// [`EngineError`] when it stays.
    pub async fn remove(&self, leftover: &Leftover) -> Result<(), EngineError> {
        let what = format!("remove the {leftover}");
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

    async fn labelled(&self, labels: Vec<String>) -> Result<Vec<Leftover>, EngineError> {
        let filters = HashMap::from([("label", labels)]);
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
            let claim = claim(&labels.unwrap_or_default());
            Some(Leftover { kind, id: id?, name, claim })
        });
        Ok(all.collect())
    }
}

/// Claim of a harness on what has these labels.
fn claim(labels: &HashMap<String, String>) -> Claim {
    let label = |key: &str| labels.get(key).map(String::as_str);
    Claim::read(label(RUN), label(HARNESS).unwrap_or_default(), label(NAMESPACE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_back_and_those_of_others_are_unclear() {
        let run = RunId::random();
        let own: HashMap<String, String> = Labels::of(&run).pairs().into_iter().collect();
        assert_eq!(claim(&own), Claim::Held);
        let with = |key: &str, value: &str| {
            let mut labels = own.clone();
            labels.insert(key.to_owned(), value.to_owned());
            claim(&labels)
        };
        assert_eq!(with(HARNESS, "2147483647:1"), Claim::Lapsed(run));
        let other = own[NAMESPACE].replace(':', ":1");
        assert!(
            matches!(with(NAMESPACE, &other), Claim::Unclear(why) if why.contains("another pid namespace"))
        );
        assert!(matches!(with(RUN, "../x"), Claim::Unclear(why) if why.contains("run id: expected")));
        // An earlier faultline told the boot alone, by a label of its own.
        let mut old = own.clone();
        old.remove(NAMESPACE);
        assert!(matches!(claim(&old), Claim::Unclear(why) if why.contains("an earlier faultline")));
    }
}
