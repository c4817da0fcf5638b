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
    /// Nothing passes between two groups of nodes, or nothing one way.
    Partition,
    /// A toxic on a link.
    Toxic(&'static ToxicKind),
}

/// Error of reading the name of a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no fault `{name}`; there are {}", all().map(|kind| format!("`{}`", kind.name())).collect::<Vec<_>>().join(", "))]
pub struct BadKind {
    name: String,
}

/// Kind of target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// One node: `node`.
    Node,
    /// One link: `link`.
    Link,
    /// Two groups of nodes: `nodes` and `from`.
    Groups,
}

/// All of them, in the order of the documentation.
pub fn all() -> impl Iterator<Item = FaultKind> {
    use FaultKind::{Down, Kill, Partition, Pause, Stop};
    let toxics = faultline_toxics::KINDS.into_iter().filter(|spec| spec.name != faultline_toxics::NOOP.name);
    [Kill, Stop, Pause, Down, Partition].into_iter().chain(toxics.map(FaultKind::Toxic))
}

impl FaultKind {
    /// Delayed data on a link.
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
                "the node is stopped in order, by the signal that its maker intends, and started again when the fault \
                 ends; the run fails where it does not end within 20 s with the exit code that its maker promises"
            }
            Self::Pause => {
                "every process of the node stands still: its connections stay open and nobody answers; it goes on when \
                 the fault ends"
            }
            Self::Down => "the link's connections end and new ones are refused",
            Self::Partition => {
                "no byte passes between two groups of nodes, or none one way; connections stay open, and what waits \
                 comes when the fault ends"
            }
            Self::Toxic(spec) => spec.about,
        }
    }

    /// Returns the kind of target.
    #[must_use]
    pub fn place(self) -> Place {
        match self {
            Self::Kill | Self::Stop | Self::Pause => Place::Node,
            Self::Down | Self::Toxic(_) => Place::Link,
            Self::Partition => Place::Groups,
        }
    }

    /// The toxic that it is, if it is one.
    #[must_use]
    pub fn spec(self) -> Option<&'static ToxicKind> {
        match self {
            Self::Toxic(spec) => Some(spec),
            _ => None,
        }
    }
}

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
