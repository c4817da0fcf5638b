//! The keys of a scenario file and their types. What stands here is the format; see scenarios/ for uses.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::duration::Span;
use super::rate::Rate;
use super::share::Share;

/// A scenario file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// What the scenario shows, in one sentence.
    pub shows: String,
    /// How operations are sent.
    #[serde(default)]
    pub operations: Operations,
    /// Phases of load, one after the other.
    pub load: Vec<LoadPhase>,
    /// Faults, each at its time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fault: Vec<Spanned<FaultSpec>>,
    /// What must hold for the verdict `pass`.
    #[serde(default)]
    pub expect: Expectations,
}

/// How operations are sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Operations {
    /// How long an operation may take; sent along as the deadline of the request.
    pub timeout: Span,
    /// Length of the data of an entry, in bytes; at least 80, since it carries the operation's id.
    pub payload: Spanned<u32>,
    /// How many operations may be under way at once; one that is due beyond it is counted as dropped.
    pub in_flight: u32,
}

impl Default for Operations {
    fn default() -> Self {
        Self { timeout: Span::from_secs(5), payload: Spanned::new(0..0, 256), in_flight: 2000 }
    }
}

/// One phase of load: constant arrival rates, whatever the system does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LoadPhase {
    /// How long it lasts.
    #[serde(rename = "for")]
    pub lasts: Spanned<Span>,
    /// Arrivals on each path; a path that is not named rests.
    pub rates: BTreeMap<Spanned<String>, Rate>,
}

/// What can be done to a node or a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// A node is killed with SIGKILL and started again.
    Kill,
    /// A node is stopped in order with its own signal and started again.
    Stop,
    /// A node is paused with SIGSTOP and resumed.
    Pause,
    /// Data on a link is delayed.
    Latency,
    /// A link is cut: its connections end and new ones are refused.
    Down,
}

impl FaultKind {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Kill, Self::Stop, Self::Pause, Self::Latency, Self::Down];

    /// Its name in a file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Stop => "stop",
            Self::Pause => "pause",
            Self::Latency => "latency",
            Self::Down => "down",
        }
    }

    /// Whether it is done to a link; else it is done to a node.
    #[must_use]
    pub fn is_of_a_link(self) -> bool {
        matches!(self, Self::Latency | Self::Down)
    }
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FaultSpec {
    /// What is done.
    pub kind: FaultKind,
    /// To which node (kill, stop, pause).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<Spanned<String>>,
    /// To which link, `from->to` or `from->to:port` (latency, down).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Spanned<String>>,
    /// When, after the start of the load.
    pub at: Spanned<Span>,
    /// For how long, until it is undone.
    #[serde(rename = "for")]
    pub lasts: Spanned<Span>,
    /// How much later each piece of data leaves (latency).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Spanned<Span>>,
    /// Uniformly up to this much less or more (latency).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<Spanned<Span>>,
}

/// What must hold for the verdict `pass`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Expectations {
    /// Acknowledged entries that may be missing from the store.
    pub lost: u64,
    /// Entries that may be in the store more than once.
    pub duplicated: u64,
    /// Entries that may be in the store though they were refused, or never sent.
    pub unexpected: u64,
    /// The share of operations that must be ok while no fault is.
    pub without_fault: Share,
    /// The share of operations that must be ok, during a fault, on the paths that don't use what is faulty.
    pub unaffected: Share,
    /// Share that must be ok during the faults on the paths named here, whatever is faulty.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub during: BTreeMap<Spanned<String>, Share>,
    /// Time from the undoing of a fault until each path works again.
    pub recovers_within: Span,
    /// Time from the end of the load until every acknowledged entry is in its store.
    pub drains_within: Span,
}

impl Default for Expectations {
    fn default() -> Self {
        Self {
            lost: 0,
            duplicated: 0,
            unexpected: 0,
            without_fault: Share::percent(99),
            unaffected: Share::percent(99),
            during: BTreeMap::new(),
            recovers_within: Span::from_secs(30),
            drains_within: Span::from_secs(60),
        }
    }
}
