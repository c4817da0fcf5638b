//! Kinds of the faults of each node and link.

use std::collections::{BTreeMap, BTreeSet};

use faultline_model::scenario::PlannedFault;

/// Kinds of the faults of each target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
// Ordered and without repeats, so that the label of a node does not change from one picture to the next.
pub struct FaultKinds(BTreeMap<String, BTreeSet<&'static str>>);

impl FaultKinds {
    /// Collects the kinds of faults by their targets.
    #[must_use]
    pub fn new<'a>(faults: impl IntoIterator<Item = &'a PlannedFault>) -> Self {
        let mut kinds = Self::default();
        for fault in faults {
            for target in fault.targets() {
                kinds.0.entry(target).or_default().insert(fault.kind.name());
            }
        }
        kinds
    }

    /// Lists the kinds of a node, or of a link `from->to:port`; a target without a port stands for all links between two
    /// nodes.
    #[must_use]
    pub fn of(&self, name: &str) -> Vec<String> {
        let pair = name.rsplit_once(':').map(|(pair, _)| pair).filter(|pair| pair.contains("->"));
        let names = [Some(name), pair].into_iter().flatten();
        let kinds: BTreeSet<&str> = names.filter_map(|name| self.0.get(name)).flatten().copied().collect();
        kinds.into_iter().map(str::to_owned).collect()
    }
}
