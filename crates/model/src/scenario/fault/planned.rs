//! One fault with its times and its seed, as a schedule has it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::check;
use super::kind::FaultKind;
use super::spec::{Directions, FaultSpec, PartitionDirection};
use crate::scenario::duration::Span;
use faultline_toxics::ToxicSettings;

/// One fault with its times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedFault {
    /// Kind of the fault.
    pub kind: FaultKind,
    /// The node or link; of a partition both groups, for people.
    pub target: String,
    /// Time of the injection, after the start of the load.
    pub at: Span,
    /// Time of healing, after the start of the load.
    pub until: Span,
    /// Settings of a toxic; none of another kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub toxic: Option<PlannedToxic>,
    /// Groups of a partition; none of another kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<PlannedPartition>,
    /// Seed of everything random about the fault.
    pub seed: u64,
}

/// Settings of a toxic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedToxic {
    /// Directions that the toxic affects.
    pub stream: Directions,
    /// Share of connections that the toxic affects, 0 to 1.
    pub toxicity: f64,
    /// Attributes by name, in their units; one that is left out is 0.
    pub values: BTreeMap<String, i64>,
}

/// Groups of a partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedPartition {
    /// One group.
    pub nodes: Vec<String>,
    /// The other group.
    pub from: Vec<String>,
    /// Direction in which nothing passes, as the first group sees it.
    pub direction: PartitionDirection,
}

impl PlannedFault {
    /// Derives the fault from a file and a seed.
    pub(in crate::scenario) fn derive(spec: &FaultSpec, seed: u64) -> Self {
        let at = *spec.at.get_ref();
        let partition = (spec.kind == FaultKind::Partition).then(|| PlannedPartition::derive(spec));
        let target = partition.as_ref().map(PlannedPartition::name);
        Self {
            kind: spec.kind,
            target: target.unwrap_or_else(|| spec.target().unwrap_or_default().to_owned()),
            at,
            until: Span::from_micros(at.micros() + spec.lasts.get_ref().micros()),
            toxic: spec.kind.spec().map(|_| PlannedToxic::derive(spec)),
            partition,
            seed,
        }
    }

    /// Lists the targets, as a topology knows them; of a partition every pair of nodes, whether
    /// there is a link between them or not.
    #[must_use]
    pub fn targets(&self) -> Vec<String> {
        let Some(partition) = &self.partition else { return vec![self.target.clone()] };
        // A schedule knows no links. A pair without one is harmless, since no path depends on it.
        let pairs = partition.nodes.iter().flat_map(|a| partition.from.iter().map(move |b| (a, b)));
        pairs.flat_map(|(a, b)| [format!("{a}->{b}"), format!("{b}->{a}")]).collect()
    }
}

impl PlannedToxic {
    fn derive(spec: &FaultSpec) -> Self {
        Self {
            stream: spec.stream.as_ref().map_or_else(Directions::default, |stream| *stream.get_ref()),
            toxicity: spec.toxicity.as_ref().map_or(1.0, |toxicity| *toxicity.get_ref()),
            values: check::values(spec)
                .map(|(attribute, value)| (attribute.name.to_owned(), value))
                .collect(),
        }
    }

    /// Returns the settings for a toxic of this kind; none if the kind is no toxic or does not accept one of them, as can be
    /// in a history of another version.
    #[must_use]
    pub fn settings(&self, kind: FaultKind) -> Option<ToxicSettings> {
        let mut settings = ToxicSettings::new(kind.spec()?);
        for (name, value) in &self.values {
            settings.set(name, *value).ok()?;
        }
        Some(settings)
    }
}

impl PlannedPartition {
    fn derive(spec: &FaultSpec) -> Self {
        let names = |list: &Option<Spanned<Vec<Spanned<String>>>>| {
            let list = list.iter().flat_map(|list| list.get_ref());
            list.map(|name| name.get_ref().clone()).collect()
        };
        let direction =
            spec.direction.as_ref().map_or_else(PartitionDirection::default, |given| *given.get_ref());
        Self { nodes: names(&spec.nodes), from: names(&spec.from), direction }
    }

    /// Names the groups, like `listener from rabbitmq, logger`.
    fn name(&self) -> String {
        let way = match self.direction {
            PartitionDirection::Both => "",
            PartitionDirection::Outbound => " (outbound)",
            PartitionDirection::Inbound => " (inbound)",
        };
        format!("{} from {}{way}", self.nodes.join(", "), self.from.join(", "))
    }
}
