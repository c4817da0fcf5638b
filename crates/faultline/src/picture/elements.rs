//! Nodes and links as the picture of a system shows them.

/// State of a node or a link.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Condition {
    /// Nothing is said about it.
    #[default]
    Plain,
    /// Works.
    Ok,
    /// Works in part, or may work soon.
    Pending,
    /// Fails.
    Error,
}

/// A node as it is drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SystemNode {
    /// Name.
    pub name: String,
    /// State.
    pub condition: Condition,
    /// Sign and word of the state, such as `✓` and `running`; empty for none.
    pub state: (String, String),
    /// More about the state, for the pointer; empty for none.
    pub detail: String,
    /// Kinds of the faults that it has.
    pub faults: Vec<String>,
}

/// A link as it is drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SystemLink {
    /// Name, `from->to:port`.
    pub name: String,
    /// State.
    pub condition: Condition,
    /// Answers per second and their latency; empty for none.
    pub rate: String,
    /// Trouble that is no fault, such as errors per second; empty for none.
    pub trouble: String,
    /// Kinds of the faults that it has.
    pub faults: Vec<String>,
}

impl SystemLink {
    /// Returns the nodes and the port of its name; an empty port if it has none.
    #[must_use]
    pub fn parts(&self) -> Option<(&str, &str, &str)> {
        let (from, rest) = self.name.split_once("->")?;
        let (to, port) = rest.rsplit_once(':').unwrap_or((rest, ""));
        Some((from, to, port))
    }

    /// Writes its state in words, for readers who do not see it.
    pub(super) fn words(&self) -> String {
        let faults = self.faults.join(", ");
        let parts = [self.rate.as_str(), &faults, &self.trouble];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        if parts.is_empty() { "no data yet".to_owned() } else { parts.join(", ") }
    }
}
