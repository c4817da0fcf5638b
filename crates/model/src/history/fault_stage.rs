//! The steps of a fault, with the evidence of each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::FaultKind;

/// A step of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultStage {
    /// Injection begins; the way to heal the fault is in the journal.
    Begin,
    /// The fault is injected.
    Active,
    /// Healing begins.
    // Histories of earlier labs have the former names, here and below.
    #[serde(alias = "undo")]
    Heal,
    /// The fault is healed.
    #[serde(alias = "undone")]
    Healed,
    /// All nodes are ready again: the fault is over.
    Ready,
    /// The fault could not be injected, or not be healed.
    Broken,
}

impl FaultStage {
    /// Describes the step of a fault, for those who watch.
    #[must_use]
    pub fn describe(self, fault: &str) -> String {
        match self {
            Self::Begin => format!("injecting {fault}"),
            Self::Active => format!("{fault} is active"),
            Self::Heal => format!("healing {fault}"),
            Self::Healed => format!("{fault} is healed"),
            Self::Ready => format!("all nodes are ready after {fault}"),
            Self::Broken => format!("{fault} could not be injected or healed"),
        }
    }
}

/// Observation that shows the effect of a fault, or its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Observation, in words.
    pub what: String,
    /// True if the observation shows the expected effect.
    pub shown: bool,
}

/// Names a fault in a history.
#[must_use]
pub fn fault_name(kind: FaultKind, target: &str) -> String {
    format!("{} {target}", kind.name())
}

impl Evidence {
    /// Makes an observation that shows the effect, if `shown`.
    pub fn new(what: impl Into<String>, shown: bool) -> Self {
        Self { what: what.into(), shown }
    }
}
