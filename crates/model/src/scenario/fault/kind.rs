//! What can be done, by name. The format, its messages, the catalogue and its documentation all read it from here.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use faultline_toxics::ToxicKind;

/// Kind of fault of a node, of a link, or between groups of nodes. A file holds its name.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum FaultKind {
    /// A node is killed with SIGKILL and started again.
    Kill,
    /// A node is stopped in order with its own signal and started again.
    Stop,
    /// A node is paused with SIGSTOP and resumed.
    Pause,
    /// A link is cut: its connections end and new ones are refused.
    Down,
    /// No bytes pass between two groups of nodes, or none in one direction.
    Partition,
    /// A toxic on a link.
    Toxic(&'static ToxicKind),
}

/// Error of reading the name of a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown fault `{name}`: expected one of {}", all().map(|kind| format!("`{}`", kind.name())).collect::<Vec<_>>().join(", "))]
pub struct BadKind {
    name: String,
}

/// Kind of target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    /// One node: `node`.
    Node,
    /// One link: `link`.
    Link,
    /// Two groups of nodes: `nodes` and `from`.
    Groups,
}

/// Lists every kind, in the order of the documentation.
pub fn all() -> impl Iterator<Item = FaultKind> {
    use FaultKind::{Down, Kill, Partition, Pause, Stop};
    // `noop` has no effect, so a fault of it would never have evidence.
    let toxics = faultline_toxics::KINDS.into_iter().filter(|spec| spec.name != faultline_toxics::NOOP.name);
    [Kill, Stop, Pause, Down, Partition].into_iter().chain(toxics.map(FaultKind::Toxic))
}

impl FaultKind {
    /// Kind that delays data on a link.
    pub const LATENCY: Self = Self::Toxic(&faultline_toxics::LATENCY);

    /// Returns the name in a file; that of a toxic is Toxiproxy's, where that has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Stop => "stop",
            Self::Pause => "pause",
            Self::Down => "down",
            Self::Partition => "partition",
            Self::Toxic(spec) => spec.name,
        }
    }

    /// Describes the effect, in one sentence.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Kill => "the node is killed, and started again when the fault ends",
            Self::Stop => {
                "the node is stopped gracefully with its stop signal, and started again when the fault ends; the run fails \
                 if it does not end within 20 s with an exit code that its program promises"
            }
            Self::Pause => {
                "every process of the node is frozen: its connections stay open and get no answer; it continues when the \
                 fault ends"
            }
            Self::Down => "the link's connections end and new ones are refused",
            Self::Partition => {
                "no byte passes between two groups of nodes, or none in one direction; connections stay open, and bytes \
                 that wait arrive when the fault ends"
            }
            Self::Toxic(spec) => spec.about,
        }
    }

    /// Returns the kind of target.
    #[must_use]
    pub fn place(self) -> TargetKind {
        match self {
            Self::Kill | Self::Stop | Self::Pause => TargetKind::Node,
            Self::Down | Self::Toxic(_) => TargetKind::Link,
            Self::Partition => TargetKind::Groups,
        }
    }

    /// Returns the kind of toxic; none of another fault.
    #[must_use]
    pub fn spec(self) -> Option<&'static ToxicKind> {
        match self {
            Self::Toxic(spec) => Some(spec),
            _ => None,
        }
    }
}

// By name, since a kind of toxic holds function pointers, whose addresses say nothing reliable.
impl PartialEq for FaultKind {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for FaultKind {}

impl Hash for FaultKind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl fmt::Debug for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl TryFrom<String> for FaultKind {
    type Error = BadKind;

    fn try_from(name: String) -> Result<Self, BadKind> {
        all().find(|kind| kind.name() == name).ok_or(BadKind { name })
    }
}

impl From<FaultKind> for String {
    fn from(kind: FaultKind) -> Self {
        kind.name().to_owned()
    }
}
