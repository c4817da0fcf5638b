//! The labels by which containers and networks are known to be a run's.

use crate::mark::Mark;
use crate::run_id::RunId;

pub(super) const RUN: &str = "faultline.run";
pub(super) const HARNESS: &str = "faultline.harness";
pub(super) const NAMESPACE: &str = "faultline.namespace";

/// The labels of everything that a run makes in an engine, which may serve several machines and namespaces.
#[derive(Debug, Clone)]
// Removal goes by label, not by a list of what was made: an interrupted start leaves things that no list has.
pub(super) struct Labels {
    run: RunId,
}

impl Labels {
    pub(super) fn new(run: &RunId) -> Self {
        Self { run: run.clone() }
    }

    pub(super) fn pairs(&self) -> Vec<(String, String)> {
        let mark = Mark::of_this_harness();
        let always = [(RUN, self.run.to_string()), (HARNESS, mark.harness())];
        let pairs = always.into_iter().chain(mark.namespace().map(|namespace| (NAMESPACE, namespace)));
        pairs.map(|(key, value)| (key.to_owned(), value)).collect()
    }
}
